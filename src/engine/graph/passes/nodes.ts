import { operators } from '../ops/registry';
import type { Node, OpAttributes, OpType, Value } from '../types';

/** Narrows a node to one operator, so that its attributes have that operator's type. */
export function isOp<K extends OpType>(node: Node | undefined, op: K): node is Node<K> {
  return node?.op === op;
}

/** The inputs that are there. */
export function readValues(node: Node): readonly Value[] {
  return node.inputs.filter((input) => input !== undefined);
}

/** A node of another operator in the place of `at`: its identity, outputs and stage. */
export function replaceNode<K extends OpType>(
  at: Node,
  op: K,
  inputs: readonly (Value | undefined)[],
  attributes: OpAttributes[K],
): Node<K> {
  const { id, outputs, stage, scope } = at;
  return { id, op, attributes, inputs, outputs, stage, scope };
}

/** The input that the node's first output is only another view of: nothing is computed or copied. */
export function viewedValue(node: Node): Value | undefined {
  const { alias } = operators[node.op];
  return alias === undefined ? undefined : node.inputs[alias];
}

/** Nodes that read each value, in list order; a node that reads a value twice stands twice. */
export function readersByValue(nodes: readonly Node[]): ReadonlyMap<Value, readonly Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of readValues(node)) {
      const list = readers.get(input);
      if (list === undefined) readers.set(input, [node]);
      else list.push(node);
    }
  }
  return readers;
}

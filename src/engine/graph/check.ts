import { GraphError } from '../../base/errors';
import { formatShape, shapesEqual } from './dims';
import type { Graph } from './graph';
import { inferOutputs } from './ops/registry';
import type { Node, Value } from './types';

function describeNode(node: Node): string {
  const scope = node.scope === '' ? '' : ` in ${node.scope}`;
  return `node ${node.op} (${node.outputs.map((value) => value.name).join(', ')})${scope}`;
}

function describeType(type: Pick<Value, 'dtype' | 'shape'>): string {
  return `${type.dtype}${formatShape(type.shape)}`;
}

/** Checks that a node's outputs have the types its operator gives them now. */
function checkTypes(node: Node): void {
  const inferred = inferOutputs(node.op, node.inputs, node.attributes);
  if (inferred.length !== node.outputs.length) {
    throw new GraphError({
      what: `${describeNode(node)} has ${node.outputs.length} outputs`,
      expected: `${inferred.length}`,
    });
  }
  node.outputs.forEach((output, i) => {
    const type = inferred[i];
    if (type === undefined) return;
    if (type.dtype !== output.dtype || !shapesEqual(type.shape, output.shape)) {
      throw new GraphError({
        what: `${describeNode(node)} has an output of another type than its operator gives`,
        tensor: output.name,
        got: describeType(output),
        expected: describeType(type),
      });
    }
  });
}

/**
 * Every value that a node reads; until the graph is differentiated also the tensors of a Gather's adjoint, which its
 * gradient will read.
 */
function reads(node: Node, differentiated: boolean): readonly Value[] {
  const { adjoint } = node;
  const values = node.inputs.filter((value) => value !== undefined);
  if (differentiated) return values;
  if (adjoint !== undefined) values.push(adjoint.indices);
  if (adjoint?.mask !== undefined) values.push(adjoint.mask);
  return values;
}

/**
 * Checks that a graph can run, after each transform: each value has one name and one source, every node reads only
 * inputs, initializers and the outputs of nodes before it, types are those the operators give, and the graph's
 * outputs exist. Throws a GraphError that names the node.
 */
export function checkGraph(graph: Graph): void {
  const known = new Set<Value>();
  const names = new Set<string>();
  const declare = (value: Value, where: string): void => {
    if (known.has(value)) throw new GraphError({ what: `${where} makes a value again`, tensor: value.name });
    if (names.has(value.name)) throw new GraphError({ what: `${where} repeats a name`, tensor: value.name });
    known.add(value);
    names.add(value.name);
  };
  for (const input of graph.inputs) declare(input, 'an input');
  for (const value of graph.initializers.keys()) declare(value, 'an initializer');
  const differentiated = graph.nodes.some(({ stage }) => stage === 'backward');
  for (const node of graph.nodes) {
    for (const value of reads(node, differentiated)) {
      if (known.has(value)) continue;
      throw new GraphError({
        what: `${describeNode(node)} reads a value that no input, initializer or earlier node gives`,
        tensor: value.name,
      });
    }
    checkTypes(node);
    for (const output of node.outputs) declare(output, describeNode(node));
  }
  const outputs = new Set<Value>();
  for (const output of graph.outputs) {
    if (!known.has(output))
      throw new GraphError({ what: 'no node computes this output', tensor: output.name });
    if (outputs.has(output))
      throw new GraphError({ what: 'this output is named twice', tensor: output.name });
    outputs.add(output);
  }
}

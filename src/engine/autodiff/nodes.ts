import type { Node, OpType } from '../graph/types';

/** Narrows a node to one operator, so that its attributes have their type. */
export function isOp<K extends OpType>(node: Node | undefined, op: K): node is Node<K> {
  return node?.op === op;
}

/** Counts a negative axis from the end. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

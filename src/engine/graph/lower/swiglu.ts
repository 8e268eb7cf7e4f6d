import type { Graph } from '../graph';
import type { Node, Value } from '../types';

/** silu in one pass, and the product. */
export function lowerSwiGLU(graph: Graph, node: Node<'SwiGLU'>): readonly (Value | undefined)[] {
  const [gate, up] = node.inputs;
  if (gate === undefined || up === undefined) return [];
  return [graph.add('Mul', [graph.add('QuickGelu', [gate], { alpha: 1 }), up], {})];
}

import type { Graph } from '../graph';
import type { Value } from '../types';
import { readValues } from './nodes';

/**
 * Removes nodes of which no output is read or given back, and initializers that nobody reads. What a Gather's
 * `adjoint` names counts as read until the graph is differentiated: the gradient will read it.
 */
export function eliminateDead(graph: Graph): void {
  const differentiated = graph.nodes.some(({ stage }) => stage === 'backward');
  const needed = new Set<Value>(graph.outputs);
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of readValues(node)) needed.add(input);
    if (node.adjoint !== undefined && !differentiated) {
      needed.add(node.adjoint.indices);
      if (node.adjoint.mask !== undefined) needed.add(node.adjoint.mask);
    }
    return true;
  });
  graph.setNodes(kept.reverse());
  for (const value of [...graph.initializers.keys()]) {
    if (!needed.has(value)) graph.initializers.delete(value);
  }
  for (const value of [...graph.checkpoints]) {
    if (graph.producer(value) === undefined && !needed.has(value)) graph.checkpoints.delete(value);
  }
}

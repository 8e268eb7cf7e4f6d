import type { Graph } from '../graph';
import type { Node } from '../types';
import { readValues } from './nodes';

/**
 * The order in which onnxruntime runs a graph's nodes when its graph optimisers are off: depth first back from the
 * nodes that feed no other node. Where it has a choice, the node that stands later in the list goes first.
 *
 * It is `GraphViewer` with `ReverseDFSFrom` of onnxruntime (core/graph/graph_viewer.cc, graph.cc); a node's index is
 * its place in the file, and thus in `graph.nodes`.
 */
export function executionOrder(graph: Graph): readonly Node[] {
  const { nodes } = graph;
  const indices = new Map(nodes.map((node, index) => [node, index]));
  const sources = nodes.map((node) =>
    readValues(node)
      .map((value) => graph.producer(value))
      .filter((producer) => producer !== undefined)
      .map((producer) => indices.get(producer) ?? 0)
      .sort((a, b) => a - b),
  );
  const feeding = new Set(sources.flat());

  const order: Node[] = [];
  const visited = new Set<number>();
  const stack = nodes.map((_, index) => ({ index, leave: false })).filter(({ index }) => !feeding.has(index));
  for (;;) {
    const entry = stack.pop();
    if (entry === undefined) return order;
    const { index, leave } = entry;
    if (leave) {
      const node = nodes[index];
      if (node !== undefined) order.push(node);
    } else if (!visited.has(index)) {
      visited.add(index);
      stack.push({ index, leave: true });
      for (const source of sources[index] ?? []) {
        if (!visited.has(source)) stack.push({ index: source, leave: false });
      }
    }
  }
}

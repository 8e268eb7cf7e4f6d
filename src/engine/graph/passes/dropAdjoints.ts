import type { Graph } from '../graph';

/**
 * Forgets how Gathers are gathered back: once a graph is differentiated, or where it never will be, the index tensors
 * of adjoints are needed only as far as a node reads them.
 */
export function dropAdjoints(graph: Graph): void {
  graph.setNodes(
    graph.nodes.map((node) => (node.adjoint === undefined ? node : { ...node, adjoint: undefined })),
  );
}

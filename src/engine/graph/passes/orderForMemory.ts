import type { Graph } from '../graph';
import type { Node, Stage } from '../types';
import { isOp, readersByValue, viewedValue } from './nodes';

const STAGES: Readonly<Record<Stage, number>> = { forward: 0, recompute: 1, backward: 2, update: 3 };

/**
 * Puts the nodes in the order (of the list, and so of the file) that makes onnxruntime run them with little memory.
 * It works its way back from the nodes that feed no other, and of what a node reads it computes first what stands
 * later in the list (see `executionOrder`). So:
 *
 * - stages follow one another, recomputation before the backward pass: a backward node's incoming gradient is
 *   computed first, and what must be recomputed just before its use;
 * - within a stage, what should run earlier stands later, as far as the list stays in topological order: gradients
 *   of the last layer's weights, which are ready first, stand at the very end, and each layer's are computed before
 *   the next layer's backward pass begins.
 *
 * What should run earlier: the order of the list as it comes; a clone, and what needs nothing that is computed, just
 * before its first reader.
 */
export function orderForMemory(graph: Graph): void {
  const ranks = wantedOrder(graph);
  const readers = readersByValue(graph.nodes);
  const unplaced = new Map<Node, number>();
  for (const node of graph.nodes) {
    const reading = node.outputs.flatMap((output) => readers.get(output) ?? []);
    unplaced.set(node, reading.length);
  }
  const key = (node: Node): number => ranks.get(node) ?? 0;
  const goesLater = (a: Node, b: Node): boolean =>
    STAGES[a.stage] !== STAGES[b.stage] ? STAGES[a.stage] > STAGES[b.stage] : key(a) < key(b);

  const ready = graph.nodes.filter((node) => unplaced.get(node) === 0);
  const backToFront: Node[] = [];
  while (ready.length > 0) {
    let best = 0;
    ready.forEach((node, i) => {
      const chosen = ready[best];
      if (chosen !== undefined && goesLater(node, chosen)) best = i;
    });
    const [node] = ready.splice(best, 1);
    if (node === undefined) break;
    backToFront.push(node);
    for (const input of node.inputs) {
      const producer = input === undefined ? undefined : graph.producer(input);
      if (producer === undefined) continue;
      const left = (unplaced.get(producer) ?? 0) - 1;
      unplaced.set(producer, left);
      if (left === 0) ready.push(producer);
    }
  }
  graph.setNodes(backToFront.reverse());
}

/** Ranks nodes by when they should run; only the ranks of nodes of one stage are compared. */
function wantedOrder(graph: Graph): ReadonlyMap<Node, number> {
  const readers = readersByValue(graph.nodes);
  const ranks = new Map<Node, number>();
  /** What can be computed at any time, and so should be when it is needed. */
  const waits = (node: Node): boolean =>
    node.stage === 'recompute' ||
    (node.stage === 'backward' &&
      node.inputs.every((input) => input === undefined || graph.producer(input) === undefined));
  graph.nodes.forEach((node, place) => {
    const isRead = node.outputs.some((output) => readers.has(output));
    // What only gathers gradients is wanted as soon as they are there, wherever it was written.
    const gathers = !isRead || isOp(node, 'Concat') || viewedValue(node) !== undefined;
    const prompt = node.stage === 'backward' && gathers;
    const sources = node.inputs
      .map((input) => (input === undefined ? undefined : graph.producer(input)))
      .filter((source) => source?.stage === 'backward' && !waits(source))
      .map((source) => (source === undefined ? 0 : (ranks.get(source) ?? 0)));
    ranks.set(node, prompt && sources.length > 0 ? Math.max(...sources) : place);
  });
  for (const node of graph.nodes.toReversed()) {
    if (!waits(node)) continue;
    const uses = node.outputs
      .flatMap((output) => readers.get(output) ?? [])
      .map((reader) => ranks.get(reader) ?? 0);
    if (uses.length > 0) ranks.set(node, Math.min(...uses));
  }
  return ranks;
}

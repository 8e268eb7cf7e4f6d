import type { Graph } from '../graph';
import type { Node, Value } from '../types';
import { isOp } from '../passes/nodes';
import { lowerLinearCrossEntropy } from './linearCrossEntropy';
import { lowerSwiGLU } from './swiglu';

/**
 * Replaces the composite operators (domain eigenloom) by ONNX ones, in place and at the same place in the order.
 * Values that others read stay the same objects. Outputs that nobody reads produce no nodes.
 */
export function lowerGraph(graph: Graph): void {
  const read = new Set<Value | undefined>(graph.outputs);
  for (const node of graph.nodes) for (const input of node.inputs) read.add(input);
  const isRead = (output: Value | undefined): boolean => output !== undefined && read.has(output);

  const lowered = graph.nodes.flatMap((node): readonly Node[] => {
    const lowering = loweringOf(graph, node, isRead);
    if (lowering === undefined) return [node];
    const before = graph.nodes.length;
    const replacements = graph.staged(node.stage, () => graph.scoped(node.scope, lowering));
    const originals = new Map<Value, Value>();
    node.outputs.forEach((original, i) => {
      const replacement = replacements[i];
      if (replacement !== undefined) originals.set(replacement, original);
    });
    return graph.nodes.slice(before).map((added) => withOriginals(added, originals));
  });
  graph.setNodes(lowered);
}

/** How a composite node is replaced; undefined for the others. */
function loweringOf(
  graph: Graph,
  node: Node,
  isRead: (output: Value | undefined) => boolean,
): (() => readonly (Value | undefined)[]) | undefined {
  if (isOp(node, 'LinearCrossEntropy')) return () => lowerLinearCrossEntropy(graph, node, isRead);
  if (isOp(node, 'SwiGLU')) return () => lowerSwiGLU(graph, node);
  return undefined;
}

function withOriginals(node: Node, originals: ReadonlyMap<Value, Value>): Node {
  return { ...node, outputs: node.outputs.map((output) => originals.get(output) ?? output) };
}

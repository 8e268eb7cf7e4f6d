import type { Graph } from '../graph';
import type { Node, Value } from '../types';
import { isOp } from '../passes/nodes';
import { lowerLinearCrossEntropy } from './linearCrossEntropy';

/**
 * Replaces the composite operators (domain eigenloom) by ONNX ones, in place and at the same place in the order.
 * Values that others read stay the same objects. Outputs that nobody reads produce no nodes.
 */
export function lowerGraph(graph: Graph): void {
  if (!graph.nodes.some((node) => isOp(node, 'LinearCrossEntropy'))) return;
  const read = new Set<Value | undefined>(graph.outputs);
  for (const node of graph.nodes) for (const input of node.inputs) read.add(input);
  const isRead = (output: Value | undefined): boolean => output !== undefined && read.has(output);

  const lowered = graph.nodes.flatMap((node): readonly Node[] => {
    if (!isOp(node, 'LinearCrossEntropy')) return [node];
    const before = graph.nodes.length;
    const replacements = graph.staged(node.stage, () =>
      graph.scoped(node.scope, () => lowerLinearCrossEntropy(graph, node, isRead)),
    );
    const originals = new Map<Value, Value>();
    node.outputs.forEach((original, i) => {
      const replacement = replacements[i];
      if (replacement !== undefined) originals.set(replacement, original);
    });
    return graph.nodes.slice(before).map((added) => withOriginals(added, originals));
  });
  graph.setNodes(lowered);
}

function withOriginals(node: Node, originals: ReadonlyMap<Value, Value>): Node {
  return { ...node, outputs: node.outputs.map((output) => originals.get(output) ?? output) };
}

import { type DimBindings, elementCount, evaluateDim } from '../dims';
import type { Graph } from '../graph';
import type { Node } from '../types';

/**
 * Floating-point operations of a graph's matrix products, a multiplication and an addition counting as two. They are
 * nearly all of a step's arithmetic.
 */
export function matrixFlops(graph: Graph, bindings: DimBindings): number {
  let sum = 0;
  for (const node of graph.nodes) {
    const inner = innerDim(node);
    const [output] = node.outputs;
    if (inner === undefined || output === undefined) continue;
    sum += 2 * elementCount(output.shape, bindings) * evaluateDim(inner, bindings);
  }
  return sum;
}

/** The dimension that a product sums over; undefined for what is no product. */
function innerDim({ op, attributes, inputs }: Node): number | string | undefined {
  if (op !== 'Gemm' && op !== 'MatMul' && op !== 'FusedMatMul') return undefined;
  const transposed = 'transA' in attributes && attributes.transA;
  return inputs[0]?.shape.at(transposed ? -2 : -1);
}

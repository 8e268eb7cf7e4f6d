import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { Graph } from '../../../../../src/engine/graph/graph';
import { executionOrder } from '../../../../../src/engine/graph/passes/executionOrder';
import { orderForMemory } from '../../../../../src/engine/graph/passes/orderForMemory';
import type { Node } from '../../../../../src/engine/graph/types';

/** Names of what onnxruntime computes, in its order. */
function computed(graph: Graph): string[] {
  return executionOrder(graph).map((node: Node) => node.outputs[0]?.name ?? '');
}

describe('orderForMemory', () => {
  it('lets what needs nothing that is computed wait for its first reader', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 64]);
    const last = g.staged('backward', () => {
      // As the adjoints of large inputs come: written first, read at the end.
      const early = b.mul(g, x, x, 'early');
      const one = b.gemm(g, x, x, { transB: true, name: 'one' });
      const two = b.gemm(g, one, x, { name: 'two' });
      const three = b.gemm(g, two, x, { transB: true, name: 'three' });
      const four = b.gemm(g, three, x, { name: 'four' });
      return b.mul(g, four, early, 'last');
    });
    g.output(last);
    orderForMemory(g);
    expect(computed(g)).toEqual(['one', 'two', 'three', 'four', 'early', 'last']);
  });
});

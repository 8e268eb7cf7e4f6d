import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../../src/engine/graph/graph';
import { eliminateDead } from '../../../../../src/engine/graph/passes/eliminateDead';
import { fuseAddIntoGemm } from '../../../../../src/engine/graph/passes/fuseAddIntoGemm';
import { fuseTransposeIntoMatMul } from '../../../../../src/engine/graph/passes/fuseTransposeIntoMatMul';
import { liveSet } from '../../../../../src/engine/graph/passes/liveSet';
import { orderForMemory } from '../../../../../src/engine/graph/passes/orderForMemory';
import { recompute, type RecomputeLevel } from '../../../../../src/engine/graph/passes/recompute';
import { operators } from '../../../../../src/engine/graph/ops/registry';
import type { Value } from '../../../../../src/engine/graph/types';
import { expectUnchanged, trainingGraph } from './training';

const LEVELS = ['none', 'cheap', 'layers'] as const satisfies readonly RecomputeLevel[];

function passes(level: RecomputeLevel): (graph: Graph) => void {
  return (graph) => {
    eliminateDead(graph);
    fuseAddIntoGemm(graph);
    recompute(graph, level);
    fuseTransposeIntoMatMul(graph);
    eliminateDead(graph);
    orderForMemory(graph);
  };
}

/** Values of the forward pass whose memory the backward pass reads. */
function kept(graph: Graph): readonly Value[] {
  const stored = (value: Value): Value => {
    const node = graph.producer(value);
    const alias = node === undefined ? undefined : operators[node.op].alias;
    const input = alias === undefined ? undefined : node?.inputs[alias];
    return input === undefined ? value : stored(input);
  };
  const read = graph.nodes
    .filter(({ stage }) => stage !== 'forward')
    .flatMap(({ inputs }) => inputs.filter((input) => input !== undefined).map(stored));
  return [...new Set(read)].filter((value) => graph.producer(value)?.stage === 'forward');
}

describe('recompute', () => {
  it.each(LEVELS)('computes the same at level %s, with all other passes', (level) => {
    expectUnchanged(trainingGraph(), passes(level));
    expectUnchanged(trainingGraph({ qkNorm: true, tiedHead: false, kvHeads: 4 }), passes(level));
  });

  it('adds nothing at level none', () => {
    const graph = trainingGraph();
    const before = [...graph.nodes];
    recompute(graph, 'none');
    expect(graph.nodes).toEqual(before);
  });

  it('computes no matrix product again at level cheap but those of attention', () => {
    const graph = trainingGraph();
    passes('cheap')(graph);
    const again = graph.nodes.filter(({ stage }) => stage === 'recompute');
    expect(again.map(({ op }) => op)).not.toContain('Gemm');
    expect(again.filter(({ op }) => op === 'FusedMatMul')).toHaveLength(3);
    expect(again.filter(({ op }) => op === 'MatMul')).toHaveLength(3);
    expect(again.filter(({ op }) => op === 'Softmax')).toHaveLength(3);
    const operatorsKept = new Set(kept(graph).map((value) => graph.producer(value)?.op));
    expect(operatorsKept).not.toContain('Softmax');
    expect(operatorsKept).not.toContain('QuickGelu');
  });

  it('keeps no more than the residual stream and the loss gradient at level layers', () => {
    const graph = trainingGraph();
    passes('layers')(graph);
    const values = kept(graph);
    // Before and after attention in each layer, after the last, and the gradient that the loss brings along.
    expect(values.length).toBeLessThanOrEqual(2 * 3 + 2);
    for (const { shape } of values) expect(shape[1]).toBe(8);
  });

  it('shares a clone within a layer and not between layers', () => {
    const graph = trainingGraph();
    passes('layers')(graph);
    const again = graph.nodes.filter(({ stage }) => stage === 'recompute');
    const byScope = (scope: string): string[] =>
      again.filter((node) => node.scope === scope).map(({ op }) => op);
    // The mask is read by each layer's softmax; the last has a smaller one of its own.
    expect(byScope('attention_bias').filter((op) => op === 'Sub')).toHaveLength(3 * 2);
    expect(byScope('model.layers.1').filter((op) => op === 'SimplifiedLayerNormalization')).toHaveLength(1);
  });

  it('takes less memory from level to level', () => {
    const bindings = { N: 512, B: 4, L: 160, K: 128, Q: 64 };
    const size = { layers: 6, hiddenSize: 64, intermediateSize: 128, heads: 4, headDim: 16, vocabSize: 256 };
    const [none, cheap, layers] = LEVELS.map((level) => {
      const graph = trainingGraph(size);
      passes(level)(graph);
      return liveSet(graph, bindings).peakBytes;
    });
    expect(cheap).toBeLessThan(0.6 * (none ?? 0));
    expect(layers).toBeLessThan(0.7 * (cheap ?? 0));
  });
});

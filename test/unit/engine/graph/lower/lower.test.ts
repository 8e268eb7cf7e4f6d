import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../../src/base/random';
import { checkGraph } from '../../../../../src/engine/graph/check';
import { Graph } from '../../../../../src/engine/graph/graph';
import { lowerGraph } from '../../../../../src/engine/graph/lower/lower';
import { printGraph } from '../../../../../src/engine/graph/print';
import type { HostTensor, Value } from '../../../../../src/engine/graph/types';
import { interpret } from '../../../../support/interpreter/interpret';

interface Built {
  readonly graph: Graph;
  readonly outputs: readonly Value[];
}

/** `positions` as the graph declares them: 12 are fed. */
function build(chunks: number, positions: string | number, wanted: readonly number[]): Built {
  const graph = new Graph();
  const inputs = [
    graph.input('hidden', 'f32', [positions, 5]),
    graph.input('weight', 'f32', [7, 5]),
    graph.input('labels', 'i32', [positions]),
    graph.input('weights', 'f32', [positions]),
  ];
  const outputs = graph.scoped('head', () =>
    graph.addAll('LinearCrossEntropy', inputs, { chunks, withWeightGradient: true }, { name: 'loss' }),
  );
  for (const i of wanted) {
    const output = outputs[i];
    if (output !== undefined) graph.output(output);
  }
  return { graph, outputs };
}

function feeds(): Record<string, HostTensor> {
  const random = new RandomStream(3, 'cross-entropy');
  const weights = random.uniforms(12, 0, 1).map((w, i) => (i % 5 === 2 || i > 9 ? 0 : w));
  return {
    hidden: { dtype: 'f32', shape: [12, 5], data: random.normals(60, 2) },
    weight: { dtype: 'f32', shape: [7, 5], data: random.normals(35) },
    labels: { dtype: 'i32', shape: [12], data: Int32Array.from({ length: 12 }, () => random.below(7)) },
    weights: { dtype: 'f32', shape: [12], data: weights },
  };
}

describe('lowering of LinearCrossEntropy', () => {
  it.each([
    { chunks: 1, positions: 'S' },
    { chunks: 2, positions: '4*K' },
    { chunks: 4, positions: '4*K' },
    { chunks: 3, positions: 12 },
    { chunks: 12, positions: 12 },
  ])(
    'computes what the composite does in $chunks chunks of $positions positions',
    ({ chunks, positions }) => {
      const { graph } = build(chunks, positions, [0, 1, 2]);
      const expected = interpret(graph, feeds());
      lowerGraph(graph);
      checkGraph(graph);
      expect(graph.nodes.map((node) => node.op)).not.toContain('LinearCrossEntropy');
      const lowered = interpret(graph, feeds());
      expect(Object.keys(lowered)).toEqual(['loss', 'loss_1', 'loss_2']);
      for (const [name, { shape, data }] of Object.entries(expected)) {
        expect(lowered[name]?.shape).toEqual(shape);
        const got = Array.from(lowered[name]?.data ?? [], Number);
        const difference = Array.from(data, Number).map((x, i) => Math.abs(x - (got[i] ?? NaN)));
        expect(Math.max(...difference)).toBeLessThan(1e-12);
      }
    },
  );

  it('keeps the values, the place in the order, the stage and the scope', () => {
    const { graph, outputs } = build(2, '2*K', [0, 1]);
    const [loss, dHidden] = outputs;
    const after = graph.add('Neg', [dHidden], {}, { name: 'after' });
    graph.output(after);
    lowerGraph(graph);
    checkGraph(graph);
    expect(graph.outputs).toEqual([loss, dHidden, after]);
    expect(graph.nodes.at(-1)?.inputs[0]).toBe(dHidden);
    const lowered = graph.nodes.slice(0, -1);
    expect(new Set(lowered.map(({ stage, scope }) => `${stage} ${scope}`))).toEqual(
      new Set(['forward head']),
    );
  });

  it('makes no node for outputs that nobody reads', () => {
    const { graph } = build(1, 'S', [0]);
    lowerGraph(graph);
    expect(graph.nodes.map((node) => node.op)).toEqual([
      'Reshape',
      'Reshape',
      'Gemm',
      'Softmax',
      'GatherElements',
      'Max',
      'Log',
      'Mul',
      'ReduceSum',
      'Neg',
    ]);
    expect(graph.initializers.size).toBe(1);
  });

  it('adds up the weight gradient through the third term of Gemm', () => {
    const { graph } = build(2, 12, [0, 2]);
    lowerGraph(graph);
    const gradients = printGraph(graph)
      .split('\n')
      .filter((line) => line.includes('transA: true'));
    expect(gradients).toHaveLength(2);
    expect(gradients[1]).toMatch(/^loss_2 f32\[7, 5\] = Gemm\([^,]+, [^,]+, Gemm\) /);
    // The gradient of the hidden states is not wanted: no product with the weight itself.
    expect(graph.nodes.filter((node) => node.op === 'Concat')).toHaveLength(1);
  });

  it('lets nothing of a chunk but its narrow results be read outside it', () => {
    const { graph } = build(3, 12, [0, 1]);
    lowerGraph(graph);
    const wide = graph.nodes.flatMap((node) => node.outputs).filter(({ shape }) => shape[1] === 7);
    const readers = wide.map((value) =>
      graph.nodes.filter((node) => node.inputs.includes(value)).map(({ op }) => op),
    );
    expect(readers).toEqual(
      [1, 2, 3].flatMap(() => [['Softmax'], ['GatherElements', 'ScatterElements'], ['Gemm']]),
    );
  });

  it('leaves a graph without composites as it is', () => {
    const graph = new Graph();
    graph.output(graph.add('Exp', [graph.input('x', 'f32', [2])], {}));
    const before = printGraph(graph);
    lowerGraph(graph);
    expect(printGraph(graph)).toBe(before);
  });
});

describe('lowering of SwiGLU', () => {
  it('computes what the composite does', () => {
    const graph = new Graph();
    const [gate, up] = [graph.input('gate', 'f32', ['N', 3]), graph.input('up', 'f32', ['N', 3])];
    graph.output(graph.add('SwiGLU', [gate, up], {}, { name: 'y' }));
    const random = new RandomStream(3, 'swiglu');
    const fed = (): HostTensor => ({ dtype: 'f32', shape: [2, 3], data: random.normals(6, 2) });
    const inputs = { gate: fed(), up: fed() };
    const expected = interpret(graph, inputs)['y'];
    lowerGraph(graph);
    checkGraph(graph);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['QuickGelu', 'Mul']);
    const lowered = Array.from(interpret(graph, inputs)['y']?.data ?? [], Number);
    Array.from(expected?.data ?? [], Number).forEach((value, i) => expect(lowered[i]).toBeCloseTo(value, 12));
  });
});

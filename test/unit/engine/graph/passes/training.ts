import { expect } from 'vitest';
import { backward } from '../../../../../src/engine/autodiff/backward';
import { add, concat, gemm, reshape } from '../../../../../src/engine/graph/builder';
import { checkGraph } from '../../../../../src/engine/graph/check';
import { type DimBindings, elementCount, evaluateDim } from '../../../../../src/engine/graph/dims';
import { Graph } from '../../../../../src/engine/graph/graph';
import { lowerGraph } from '../../../../../src/engine/graph/lower/lower';
import type { HostTensor, Value } from '../../../../../src/engine/graph/types';
import { declareCausalInputs } from '../../../../../src/engine/models/causalInputs';
import type { DecoderConfig } from '../../../../../src/engine/models/config';
import { buildDecoder } from '../../../../../src/engine/models/decoder';
import { weightSpecs } from '../../../../../src/engine/models/modules';
import { interpret } from '../../../../support/interpreter/interpret';

const RANK = 2;

/**
 * A training graph of a decoder with low-rank adapters, as autodiff and lowering leave it: no pass has run. Its
 * gradients are gathered in one accumulator, or in one for each layer.
 */
export function trainingGraph(
  size: Partial<DecoderConfig> = {},
  accumulators: 'one' | 'layers' = 'one',
): Graph {
  const config: DecoderConfig = {
    family: 'llama',
    layers: 3,
    hiddenSize: 8,
    intermediateSize: 12,
    heads: 4,
    kvHeads: 2,
    headDim: 4,
    vocabSize: 10,
    maxPositions: 8,
    rmsNormEps: 1e-5,
    ropeTheta: 10000,
    ropeScaling: { type: 'default' },
    tiedHead: true,
    biases: { qkv: false, output: false, mlp: false },
    qkNorm: false,
    slidingWindows: [],
    ...size,
  };
  const graph = new Graph();
  const inputs = declareCausalInputs(graph, { ...config, chunks: 2 });
  const shapes = new Map(weightSpecs(config).map(({ name, shape }) => [name, shape]));
  const weights = new Map<string, Value>();
  const weight = (name: string): Value => {
    const value = weights.get(name) ?? graph.input(name, 'f32', shapes.get(name) ?? []);
    weights.set(name, value);
    return value;
  };
  const factors: Value[] = [];
  const factor = (name: string, shape: readonly number[]): Value => {
    const value = graph.input(name, 'f32', shape);
    factors.push(value);
    return value;
  };
  const { hidden, head } = buildDecoder(
    {
      graph,
      config,
      weight,
      linear: (module, x) => {
        const base = gemm(graph, x, weight(module.weight), { transB: true });
        const h = gemm(graph, x, factor(`${module.path}.A`, [RANK, module.inputs]), { transB: true });
        const b = factor(`${module.path}.B`, [module.outputs, RANK]);
        return add(graph, base, gemm(graph, h, b, { transB: true, alpha: 0.5 }));
      },
    },
    inputs,
    config.maxPositions,
  );
  const loss = graph.add(
    'LinearCrossEntropy',
    [hidden, head, inputs.labels, inputs.lossWeights],
    { chunks: 2, withWeightGradient: false },
    { name: 'loss' },
  );
  graph.output(loss);
  const gradients = backward(graph, { loss, wrt: factors });
  const perSlab = accumulators === 'one' ? factors.length : factors.length / config.layers;
  graph.staged('backward', () => {
    for (let from = 0; from < factors.length; from += perSlab) {
      const flat = factors
        .slice(from, from + perSlab)
        .map((value) => reshape(graph, gradients.get(value) ?? value, [elementCount(value.shape)]));
      const sum = concat(graph, flat, 0);
      graph.output(
        add(graph, graph.input(`accumulator${from}`, 'f32', sum.shape), sum, `accumulated${from}`),
      );
    }
  });
  lowerGraph(graph);
  return graph;
}

/** Small sizes for the symbols of `trainingGraph`. */
export const SMALL: DimBindings = { N: 6, B: 2, L: 4, K: 3, Q: 3 };

/** Reproducible feeds: floats in [-1, 1), integers 0 or 1, which are rows of everything that is gathered from. */
export function someFeeds(graph: Graph, bindings: DimBindings): Record<string, HostTensor> {
  let state = 1;
  const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const sizes = shape.map((dim) => evaluateDim(dim, bindings));
      const count = elementCount(sizes);
      const numbers = Array.from({ length: count }, () =>
        dtype === 'f32' ? 2 * next() - 1 : Math.floor(2 * next()),
      );
      const data =
        dtype === 'f32'
          ? Float32Array.from(numbers)
          : dtype === 'i64'
            ? BigInt64Array.from(numbers, BigInt)
            : Int32Array.from(numbers);
      return [name, { dtype, shape: sizes, data }];
    }),
  );
}

/** Runs a pass and holds the graph to be sound and to compute what it computed before. */
export function expectUnchanged(
  graph: Graph,
  pass: (graph: Graph) => void,
  bindings: DimBindings = SMALL,
): void {
  const feeds = someFeeds(graph, bindings);
  const before = interpret(graph, feeds);
  pass(graph);
  checkGraph(graph);
  const after = interpret(graph, feeds);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, { data }] of Object.entries(before)) {
    const again = after[name]?.data ?? [];
    let worst = 0;
    data.forEach((value, i) => (worst = Math.max(worst, Math.abs(Number(value) - Number(again[i] ?? NaN)))));
    expect(again.length).toBe(data.length);
    expect(worst).toBeLessThan(1e-9);
  }
}

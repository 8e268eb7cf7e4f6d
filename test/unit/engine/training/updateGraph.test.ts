import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { HostTensor } from '../../../../src/engine/graph/types';
import { planSlabs, slabNames, type Slab } from '../../../../src/engine/training/parameters';
import {
  buildUpdateGraph,
  GRAD_NORM,
  updateScalars,
  type AdamSettings,
} from '../../../../src/engine/training/updateGraph';
import { interpret } from '../../../support/interpreter/interpret';
import { worstDifference } from '../../../support/tinyModel';

const STEPS = 5;
/** The graph holds its constants (beta and 1 - beta) in f32. */
const CLOSE = 1e-7;
const slabs = planSlabs([
  { name: 'w', shape: [3, 4], decay: true },
  { name: 'v', shape: [2], decay: true },
  { name: 'bias', shape: [5], decay: false },
]);
const adam: AdamSettings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradNorm: null };

interface SlabState {
  parameter: number[];
  first: number[];
  second: number[];
}

const random = (name: string, count: number, step = 0): number[] => [
  ...new RandomStream(3, name, step).normals(count),
];
const start = (slab: Slab): SlabState => ({
  parameter: random(slab.name, slab.size),
  first: new Array<number>(slab.size).fill(0),
  second: new Array<number>(slab.size).fill(0),
});
const gradientOf = (slab: Slab, step: number): number[] => random(`gradient ${slab.name}`, slab.size, step);
const rateOf = (step: number): number => 0.05 / step;

/** AdamW and clip_grad_norm_ as PyTorch's documentation states them, number by number. */
function plainAdamW(settings: AdamSettings, masks: ReadonlyMap<string, readonly number[]>) {
  const states = slabs.map(start);
  const norms: number[] = [];
  for (let t = 1; t <= STEPS; t++) {
    const gradients = slabs.map((slab) =>
      gradientOf(slab, t).map((g, i) => (masks.get(slab.name)?.[i] === 0 ? 0 : g)),
    );
    const norm = Math.sqrt(gradients.flat().reduce((sum, g) => sum + g * g, 0));
    norms.push(norm);
    const clip = settings.maxGradNorm === null ? 1 : Math.min(1, settings.maxGradNorm / (norm + 1e-6));
    for (const [s, state] of states.entries()) {
      const slab = slabs[s];
      for (const [i, theta] of state.parameter.entries()) {
        const g = (gradients[s]?.[i] ?? NaN) * clip;
        const m = settings.beta1 * (state.first[i] ?? NaN) + (1 - settings.beta1) * g;
        const v = settings.beta2 * (state.second[i] ?? NaN) + (1 - settings.beta2) * g * g;
        state.first[i] = m;
        state.second[i] = v;
        if (slab === undefined || masks.get(slab.name)?.[i] === 0) continue;
        const decay = slab.decay ? settings.weightDecay : 0;
        const denominator = Math.sqrt(v) / Math.sqrt(1 - settings.beta2 ** t) + settings.epsilon;
        const step = (rateOf(t) / (1 - settings.beta1 ** t)) * (m / denominator);
        state.parameter[i] = theta - rateOf(t) * decay * theta - step;
      }
    }
  }
  return { states, norms };
}

/** The same by the update graph; in f64 unless `precision` says otherwise. */
function byGraph(
  settings: AdamSettings,
  masks: ReadonlyMap<string, readonly number[]>,
  precision: 'f64' | 'f32' = 'f64',
) {
  const masked = new Set(slabs.filter(({ name }) => masks.has(name)));
  const graph = buildUpdateGraph(slabs, settings, masked);
  const states = slabs.map(start);
  const norms: number[] = [];
  const tensor = (shape: readonly number[], data: readonly number[]): HostTensor =>
    precision === 'f64'
      ? { dtype: 'f64', shape, data: Float64Array.from(data) }
      : { dtype: 'f32', shape, data: Float32Array.from(data) };
  for (let t = 1; t <= STEPS; t++) {
    const feeds: Record<string, HostTensor> = {};
    for (const [name, value] of Object.entries(updateScalars(settings, rateOf(t), t))) {
      feeds[name] = tensor([], [Number(value)]);
    }
    for (const [s, slab] of slabs.entries()) {
      const state = states[s] ?? start(slab);
      feeds[slabNames.parameter(slab)] = tensor(slab.shape, state.parameter);
      feeds[slabNames.gradient(slab)] = tensor(slab.shape, gradientOf(slab, t));
      feeds[slabNames.firstMoment(slab)] = tensor(slab.shape, state.first);
      feeds[slabNames.secondMoment(slab)] = tensor(slab.shape, state.second);
      const mask = masks.get(slab.name);
      if (mask !== undefined) feeds[slabNames.mask(slab)] = tensor(slab.shape, mask);
    }
    const outputs = interpret(graph, feeds, { precision });
    const read = (name: string): number[] => Array.from(outputs[name]?.data ?? [], Number);
    norms.push(read(GRAD_NORM)[0] ?? NaN);
    for (const [s, slab] of slabs.entries()) {
      states[s] = {
        parameter: read(slabNames.newParameter(slab)),
        first: read(slabNames.newFirstMoment(slab)),
        second: read(slabNames.newSecondMoment(slab)),
      };
    }
  }
  return { states, norms };
}

const cases: Readonly<Record<string, Partial<AdamSettings>>> = {
  plain: {},
  decay: { weightDecay: 0.3 },
  'clipping that bites': { maxGradNorm: 0.5 },
  'clipping that never bites': { maxGradNorm: 100 },
  'clipping and decay, other constants': {
    maxGradNorm: 1,
    weightDecay: 0.1,
    beta1: 0.8,
    beta2: 0.95,
    epsilon: 1e-3,
  },
};

describe.each(Object.entries(cases))('the update graph with %s', (_, changes) => {
  const settings = { ...adam, ...changes };
  const masks = new Map([['packed', [0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1]]]);

  it.each([
    ['every number', new Map<string, readonly number[]>()],
    ['those that a mask leaves', masks],
  ])('is PyTorch’s AdamW over five steps, for %s', (__, mask) => {
    const [plain, graph] = [plainAdamW(settings, mask), byGraph(settings, mask)];
    expect(worstDifference(graph.norms, plain.norms)).toBeLessThan(1e-12);
    for (const [s, state] of graph.states.entries()) {
      const wanted = plain.states[s];
      expect(worstDifference(state.parameter, wanted?.parameter ?? [])).toBeLessThan(CLOSE);
      expect(worstDifference(state.first, wanted?.first ?? [])).toBeLessThan(CLOSE);
      expect(worstDifference(state.second, wanted?.second ?? [])).toBeLessThan(CLOSE);
    }
  });
});

describe('clipping', () => {
  it('reports the norm before it, and scales all slabs by one factor', () => {
    const open = byGraph({ ...adam, beta1: 0 }, new Map());
    const clipped = byGraph({ ...adam, beta1: 0, maxGradNorm: 0.5 }, new Map());
    expect(worstDifference(clipped.norms, open.norms)).toBeLessThan(1e-12);
    const factor = 0.5 / ((open.norms.at(-1) ?? NaN) + 1e-6);
    for (const [s, state] of clipped.states.entries()) {
      const wanted = (open.states[s]?.first ?? []).map((m) => m * factor);
      expect(worstDifference(state.first, wanted)).toBeLessThan(1e-9);
    }
  });
});

describe('decay', () => {
  it('moves no parameter that does not decay', () => {
    const [without, with_] = [byGraph(adam, new Map()), byGraph({ ...adam, weightDecay: 0.5 }, new Map())];
    const at = slabs.findIndex(({ decay }) => !decay);
    expect(with_.states[at]).toEqual(without.states[at]);
    expect(with_.states[1 - at]).not.toEqual(without.states[1 - at]);
  });
});

describe('a masked number', () => {
  it('keeps its bits while its momentum runs out', () => {
    const slab = slabs[0];
    if (slab === undefined) throw new Error('no slab');
    const graph = buildUpdateGraph([slab], { ...adam, weightDecay: 0.1, maxGradNorm: 1 }, new Set([slab]));
    const values = Float32Array.from(random('values', slab.size));
    const tensor = (data: Float32Array): HostTensor => ({ dtype: 'f32', shape: slab.shape, data });
    const scalars = Object.entries(updateScalars(adam, 0.1, 3)).map(([name, value]): [string, HostTensor] => [
      name,
      { dtype: 'f32', shape: [], data: Float32Array.of(Number(value)) },
    ]);
    const outputs = interpret(
      graph,
      {
        ...Object.fromEntries(scalars),
        [slabNames.parameter(slab)]: tensor(values),
        [slabNames.gradient(slab)]: tensor(new Float32Array(slab.size).fill(2)),
        [slabNames.firstMoment(slab)]: tensor(new Float32Array(slab.size).fill(0.7)),
        [slabNames.secondMoment(slab)]: tensor(new Float32Array(slab.size).fill(0.4)),
        [slabNames.mask(slab)]: tensor(Float32Array.from({ length: slab.size }, (_, i) => i % 2)),
      },
      { precision: 'f32' },
    );
    const after = outputs[slabNames.newParameter(slab)]?.data ?? [];
    values.forEach((value, i) => {
      if (i % 2 === 0) expect(after[i]).toBe(value);
      else expect(after[i]).not.toBe(value);
    });
    const first = outputs[slabNames.newFirstMoment(slab)]?.data ?? [];
    expect(first[0]).toBeCloseTo(0.63, 6);
  });

  it('does not count in the norm', () => {
    const none = new Map(slabs.map((slab) => [slab.name, new Array<number>(slab.size).fill(0)]));
    expect(byGraph(adam, none).norms).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a gradient of zeros', () => {
  it('leaves everything finite, with clipping too', () => {
    const graph = buildUpdateGraph(slabs, { ...adam, maxGradNorm: 1 }, new Set());
    const feeds: Record<string, HostTensor> = {};
    for (const { name } of graph.inputs) {
      const slab = slabs.find((candidate) => name.endsWith(`:${candidate.name}`));
      const data = new Float32Array(slab?.size ?? 1);
      feeds[name] = {
        dtype: 'f32',
        shape: slab?.shape ?? [],
        data: slab === undefined ? data.fill(1) : data,
      };
    }
    const outputs = Object.values(interpret(graph, feeds, { precision: 'f32' }));
    expect(outputs.every(({ data }) => Array.from(data, Number).every((value) => value === 0))).toBe(true);
  });
});

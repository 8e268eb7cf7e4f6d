import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { HostTensor } from '../../../../src/engine/graph/types';
import { planSlabs, slabNames, type Slab } from '../../../../src/engine/training/parameters';
import {
  buildNormGraph,
  buildUpdateGraph,
  GRAD_NORM,
  maskName,
  updateNames,
  updateScalars,
  type AdamSettings,
  type UpdateMoment,
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

type Precision = 'f64' | 'f32';

function tensorOf(precision: Precision, shape: readonly number[], data: Iterable<number>): HostTensor {
  return precision === 'f64'
    ? { dtype: 'f64', shape, data: Float64Array.from(data) }
    : { dtype: 'f32', shape, data: Float32Array.from(data) };
}

/** The norm of the gradients by its graph. */
function normByGraph(
  gradients: ReadonlyMap<Slab, readonly number[]>,
  masks: ReadonlyMap<string, readonly number[]>,
  precision: Precision = 'f64',
): number {
  const masked = new Set(slabs.filter(({ name }) => masks.has(name)));
  const feeds: Record<string, HostTensor> = {};
  for (const [slab, gradient] of gradients) {
    feeds[slabNames.gradient(slab)] = tensorOf(precision, [slab.size], gradient);
    const mask = masks.get(slab.name);
    if (mask !== undefined) feeds[maskName(slab)] = tensorOf(precision, [slab.size], mask);
  }
  return Number(interpret(buildNormGraph(slabs, masked), feeds, { precision })[GRAD_NORM]?.data[0]);
}

/** One slab's update by its graph. */
function updateByGraph(
  settings: AdamSettings,
  decays: boolean,
  state: SlabState,
  gradient: readonly number[],
  mask: readonly number[] | undefined,
  moment: UpdateMoment,
  precision: Precision = 'f64',
): SlabState {
  const tensor = (data: readonly number[]): HostTensor => tensorOf(precision, [data.length], data);
  const scalars = Object.entries<number>({ ...updateScalars(settings, moment, decays) });
  const outputs = interpret(
    buildUpdateGraph(settings, mask !== undefined),
    {
      ...Object.fromEntries(scalars.map(([name, value]) => [name, tensorOf(precision, [], [value])])),
      [updateNames.parameter]: tensor(state.parameter),
      [updateNames.gradient]: tensor(gradient),
      [updateNames.firstMoment]: tensor(state.first),
      [updateNames.secondMoment]: tensor(state.second),
      ...(mask === undefined ? {} : { [updateNames.mask]: tensor(mask) }),
    },
    { precision },
  );
  const read = (name: string): number[] => Array.from(outputs[name]?.data ?? [], Number);
  return {
    parameter: read(updateNames.newParameter),
    first: read(updateNames.newFirstMoment),
    second: read(updateNames.newSecondMoment),
  };
}

/** The same by the graphs, in f64. */
function byGraph(settings: AdamSettings, masks: ReadonlyMap<string, readonly number[]>) {
  const states = slabs.map(start);
  const norms: number[] = [];
  for (let t = 1; t <= STEPS; t++) {
    const gradients = new Map(slabs.map((slab) => [slab, gradientOf(slab, t)]));
    const gradNorm = normByGraph(gradients, masks);
    norms.push(gradNorm);
    const moment = { learningRate: rateOf(t), step: t, gradNorm };
    for (const [s, slab] of slabs.entries()) {
      const state = states[s] ?? start(slab);
      const gradient = gradients.get(slab) ?? [];
      states[s] = updateByGraph(settings, slab.decay, state, gradient, masks.get(slab.name), moment);
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
    const fill = (value: number): number[] => new Array<number>(slab.size).fill(value);
    const parameter = [...Float32Array.from(random('values', slab.size))];
    const after = updateByGraph(
      { ...adam, weightDecay: 0.1, maxGradNorm: 1 },
      true,
      { parameter, first: fill(0.7), second: fill(0.4) },
      fill(2),
      parameter.map((_, i) => i % 2),
      { learningRate: 0.1, step: 3, gradNorm: 5 },
      'f32',
    );
    parameter.forEach((value, i) => {
      if (i % 2 === 0) expect(after.parameter[i]).toBe(value);
      else expect(after.parameter[i]).not.toBe(value);
    });
    expect(after.first[0]).toBeCloseTo(0.63, 6);
  });

  it('does not count in the norm', () => {
    const none = new Map(slabs.map((slab) => [slab.name, new Array<number>(slab.size).fill(0)]));
    expect(byGraph(adam, none).norms).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a gradient of zeros', () => {
  it('leaves everything finite, with clipping too', () => {
    const gradients = new Map(slabs.map((slab) => [slab, new Array<number>(slab.size).fill(0)]));
    const gradNorm = normByGraph(gradients, new Map(), 'f32');
    expect(gradNorm).toBe(0);
    const zeros = [0, 0, 0];
    const state = { parameter: [1, 2, 3], first: zeros, second: zeros };
    const moment = { learningRate: 0.1, step: 1, gradNorm };
    const settings = { ...adam, maxGradNorm: 1 };
    expect(updateByGraph(settings, false, state, zeros, undefined, moment, 'f32')).toEqual(state);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { CausalBatch } from '../../../../src/data/batch/layout';
import type { AdapterMethodId, AdapterSettings } from '../../../../src/engine/adapters/method';
import type { TargetModules } from '../../../../src/engine/adapters/targets';
import type { Graph } from '../../../../src/engine/graph/graph';
import type { HostTensor } from '../../../../src/engine/graph/types';
import type { RecomputeLevel } from '../../../../src/engine/graph/passes/recompute';
import { weightSpecs } from '../../../../src/engine/models/modules';
import { packSlab, planSlabs, slabNames, type Parameter } from '../../../../src/engine/training/parameters';
import { adapterPhases, fullPhase } from '../../../../src/engine/training/phases';
import {
  ACCUMULATE,
  buildLossGraph,
  buildStepGraph,
  frozenFactors,
  LOSS,
  type GraphSpec,
} from '../../../../src/engine/training/stepGraph';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';
import { factorFeeds, nudgeAll, tinyAdapters, type TinyAdapters } from '../../../support/tinyAdapters';
import {
  sample,
  tinyBatch,
  tinyModel,
  tinySpec,
  tokens,
  worstDifference,
  type TinyModel,
} from '../../../support/tinyModel';

let model: TinyModel;
let batch: CausalBatch;
beforeAll(async () => {
  model = await tinyModel({ vocabSize: 29, biases: { qkv: true, output: false, mlp: false } });
  const rows = [
    [sample(tokens(model.config, 6), [0, 0, 1, 1, 0, 1])],
    [sample(tokens(model.config, 3, 8)), sample(tokens(model.config, 2, 9))],
  ];
  batch = tinyBatch(model.config, rows, { lossWeight: 1 / 6 });
});

/** What is trained, and every value. */
interface Training {
  readonly spec: GraphSpec;
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

function training(
  parameters: readonly Parameter[],
  adapted: TinyAdapters,
  parts: Partial<GraphSpec> = {},
): Training {
  const slabs = planSlabs(parameters);
  const spec = tinySpec(model, { adapters: adapted.adapters, slabs, ...parts });
  const values = new Map([...model.weights, ...adapted.values]);
  const needed = new Set(frozenFactors(adapted.adapters.values(), slabs).map(({ name }) => name));
  const frozen = Object.entries(factorFeeds(adapted)).filter(([name]) => needed.has(name));
  return { spec, values, feeds: Object.fromEntries(frozen) };
}

function adapterTraining(
  method: AdapterMethodId,
  settings: Partial<AdapterSettings> = {},
  options: { targets?: TargetModules; fraction?: number; parts?: Partial<GraphSpec> } = {},
): Training {
  const { targets = 'all-linear', fraction = 1, parts = {} } = options;
  const adapted = tinyAdapters(model, method, settings, targets);
  nudgeAll(adapted);
  const [phase] = adapterPhases(adapted.adapters.values(), { steps: 10, fraction });
  return training(phase?.parameters ?? [], adapted, parts);
}

const none: TinyAdapters = { adapters: new Map(), values: new Map() };
const fullTraining = (parts: Partial<GraphSpec> = {}): Training =>
  training(fullPhase(model.config).parameters, none, parts);

/** Loss and gradients of one batch, in f64; accumulators start at `accumulated`, and count where `accumulate` is 1. */
async function step({ spec, values, feeds }: Training, accumulated = 0, accumulate = 1) {
  const session = await new InterpreterRuntime('f64').createSession(buildStepGraph(spec), {
    label: 'step',
    weightsFolder: model.folder,
  });
  const flag: HostTensor = { dtype: 'f32', shape: [], data: Float32Array.of(accumulate) };
  const all: Record<string, HostTensor> = { ...batch.feeds, ...feeds, [ACCUMULATE]: flag };
  for (const slab of spec.slabs) {
    const data = packSlab(slab, (name) => values.get(name) ?? new Float32Array());
    all[slabNames.parameter(slab)] = { dtype: 'f32', shape: [slab.size], data };
    const accumulator = new Float32Array(slab.size).fill(accumulated);
    all[slabNames.gradient(slab)] = { dtype: 'f32', shape: [slab.size], data: accumulator };
  }
  const { host } = await session.run(all);
  const gradients = new Map<string, Float64Array>();
  for (const slab of spec.slabs) {
    const whole = Float64Array.from(host[slabNames.newGradient(slab)]?.data ?? [], Number);
    for (const { parameter, offset, size } of slab.entries) {
      gradients.set(parameter.name, whole.slice(offset, offset + size));
    }
  }
  return { loss: Number(host[LOSS]?.data[0]), gradients };
}

/** The loss alone, by the evaluation graph, with one number of one parameter moved. */
async function lossAt(
  { spec, values, feeds }: Training,
  moved: readonly [string, number, number][],
): Promise<number> {
  const session = await new InterpreterRuntime('f64').createSession(buildLossGraph(spec), {
    label: 'loss',
    weightsFolder: model.folder,
  });
  const all: Record<string, HostTensor> = { ...batch.feeds, ...feeds };
  for (const slab of spec.slabs) {
    const data = Float64Array.from(packSlab(slab, (name) => values.get(name) ?? new Float32Array()));
    for (const { parameter, offset } of slab.entries) {
      for (const [name, index, by] of moved) {
        if (name === parameter.name) data[offset + index] = (data[offset + index] ?? 0) + by;
      }
    }
    all[slabNames.parameter(slab)] = { dtype: 'f64', shape: [slab.size], data };
  }
  const { host } = await session.run(all);
  return Number(host[LOSS]?.data[0]);
}

const trainings: Readonly<Record<string, () => Training>> = {
  lora: () => adapterTraining('lora', { alpha: 6 }),
  pissa: () => adapterTraining('pissa'),
  lamda: () => adapterTraining('lamda'),
  'the core of lamda': () => adapterTraining('lamda', {}, { fraction: 0 }),
  'lora on the first layer': () =>
    adapterTraining('lora', {}, { targets: ['layers.0.*k_proj', 'layers.0.*down_proj'] }),
  full: fullTraining,
};

describe.each(Object.entries(trainings))('the step graph of %s', (_, make) => {
  it('gives the evaluation graph’s loss, and its derivatives', async () => {
    const trained = make();
    const { loss, gradients } = await step(trained);
    expect(loss).toBeCloseTo(await lossAt(trained, []), 10);
    // Along random directions through everything that is trained: one number each tells if any gradient is wrong.
    for (let direction = 0; direction < 3; direction++) {
      const h = 1e-4;
      const random = new RandomStream(direction, 'direction');
      const moved: [string, number, number][] = [];
      let expected = 0;
      for (const [name, gradient] of gradients) {
        gradient.forEach((g, i) => {
          const by = random.normal();
          moved.push([name, i, by]);
          expected += g * by;
        });
      }
      const at = (scale: number): Promise<number> =>
        lossAt(
          trained,
          moved.map(([name, i, by]) => [name, i, by * scale]),
        );
      const difference = ((await at(h)) - (await at(-h))) / (2 * h);
      expect(Math.abs(difference - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
    }
    for (const [name, gradient] of gradients) {
      expect(
        gradient.some((g) => g !== 0),
        name,
      ).toBe(true);
    }
  });

  it.each<RecomputeLevel>(['cheap', 'layers'])(
    'computes the same when it recomputes: %s',
    async (recompute) => {
      const trained = make();
      const [kept, again] = [
        await step(trained),
        await step({ ...trained, spec: { ...trained.spec, recompute } }),
      ];
      expect(again.loss).toBe(kept.loss);
      for (const [name, gradient] of kept.gradients) {
        expect(worstDifference(again.gradients.get(name) ?? [], gradient)).toBeLessThan(1e-12);
      }
    },
  );

  it('adds to the accumulators, or starts them anew', async () => {
    const trained = make();
    const [fresh, added] = [await step(trained), await step(trained, 2)];
    expect((await step(trained, 2, 0)).gradients).toEqual(fresh.gradients);
    for (const [name, gradient] of fresh.gradients) {
      expect(
        worstDifference(
          added.gradients.get(name) ?? [],
          gradient.map((g) => g + 2),
        ),
      ).toBeLessThan(1e-12);
    }
  });
});

describe('recomputation', () => {
  it('adds nodes of its own stage, more at the deeper level', () => {
    const counts = (['none', 'cheap', 'layers'] as const).map(
      (recompute) =>
        buildStepGraph(adapterTraining('lora', {}, { parts: { recompute } }).spec).nodes.filter(
          ({ stage }) => stage === 'recompute',
        ).length,
    );
    expect(counts[0]).toBe(0);
    expect(counts[1]).toBeGreaterThan(10);
    expect(counts[2]).toBeGreaterThan(counts[1] ?? Infinity);
  });
});

const backwardScopes = (graph: Graph): string[] => [
  ...new Set(graph.nodes.filter(({ stage }) => stage === 'backward').map(({ scope }) => scope)),
];

describe('what the step graph leaves out', () => {
  it('is every gradient of a frozen weight', () => {
    const frozen = new Set(
      weightSpecs(model.config)
        .filter(({ shape }) => shape.length === 2)
        .flatMap(({ shape }) => [shape.join(), [...shape].reverse().join()]),
    );
    for (const make of [trainings['lora'], trainings['lamda']]) {
      const graph = buildStepGraph((make ?? fullTraining)().spec);
      const shaped = graph.nodes.filter(
        ({ stage, outputs }) => stage === 'backward' && outputs.some(({ shape }) => frozen.has(shape.join())),
      );
      expect(shaped.map(({ outputs }) => outputs[0]?.name)).toEqual([]);
    }
    const full = buildStepGraph(fullTraining().spec);
    expect(
      full.nodes.some(
        ({ stage, outputs }) => stage === 'backward' && outputs.some(({ shape }) => frozen.has(shape.join())),
      ),
    ).toBe(true);
  });

  it('is the whole backward pass below the lowest adapter', () => {
    const scopes = backwardScopes(
      buildStepGraph(adapterTraining('lora', {}, { targets: ['layers.1.*'] }).spec),
    );
    expect(scopes.some((scope) => scope.startsWith('model.layers.1'))).toBe(true);
    expect(scopes.filter((scope) => /layers\.0|embed/.test(scope))).toEqual([]);
  });

  it('is what lies beside the way to an adapter', () => {
    const scopes = backwardScopes(
      buildStepGraph(adapterTraining('lora', {}, { targets: ['layers.1.*down_proj'] }).spec),
    );
    expect(scopes.filter((scope) => /self_attn|gate_proj|up_proj/.test(scope))).toEqual([]);
  });

  it('is anything as wide as the input, kept for the gradient of lamda’s core', () => {
    const rank = 3;
    const targets = ['layers.1.*down_proj'];
    const core = buildStepGraph(adapterTraining('lamda', {}, { targets, fraction: 0 }).spec);
    const width = model.config.intermediateSize;
    const wide = core.nodes
      .filter(({ stage }) => stage === 'backward')
      .flatMap(({ inputs }) => inputs)
      .filter((value) => value?.shape.includes(width));
    expect(wide.map((value) => value?.name)).toEqual([]);
    const lora = buildStepGraph(adapterTraining('lora', {}, { targets }).spec);
    const kept = lora.nodes
      .filter(({ stage }) => stage === 'backward')
      .flatMap(({ inputs }) => inputs)
      .filter((value) => value?.shape.includes(width) && !value.shape.includes(rank));
    expect(kept.length).toBeGreaterThan(0);
  });

  it('is every output but the loss and the accumulators', () => {
    const names = (trained: Training): string[] =>
      buildStepGraph(trained.spec).outputs.map(({ name }) => name);
    expect(names(adapterTraining('lamda')).sort()).toEqual(['loss', 'new_gradient:packed']);
    expect(names(fullTraining()).sort()).toEqual([
      'loss',
      'new_gradient:packed',
      'new_gradient:packed_no_decay',
    ]);
  });
});

describe('frozenFactors', () => {
  it('are the inputs that are not trained: more in the core phase than before', () => {
    const frozenOf = (fraction: number): string[] => {
      const { spec } = adapterTraining('lamda', {}, { targets: ['layers.0.*q_proj'], fraction });
      return frozenFactors(spec.adapters.values(), spec.slabs).map(
        ({ name }) => name.split('.').at(-1) ?? '',
      );
    };
    expect(frozenOf(1)).toEqual(['pma', 'origin']);
    expect(frozenOf(0)).toEqual(['pma', 'pmb', 'origin']);
  });
});

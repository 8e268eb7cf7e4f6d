import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { multiply } from '../../../../src/engine/adapters/factors';
import { linearModules, type LinearModule } from '../../../../src/engine/models/modules';
import { GradientProducts, type GradientSource } from '../../../../src/engine/training/gradientProducts';
import { fullPhase } from '../../../../src/engine/training/phases';
import { initialState, TrainingSessions } from '../../../../src/engine/training/trainingSessions';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';
import {
  sample,
  tinyBatch,
  tinyModel,
  tinySpec,
  tokens,
  worstDifference,
  type TinyModel,
} from '../../../support/tinyModel';
import { transposed } from '../spectra/matrices';

const Q = 3;
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: null };

let model: TinyModel;
let modules: readonly LinearModule[];
let batches: GradientSource['batches'];
/** dL/dW of every weight, from full fine-tuning's own step, and the loss. */
let dense: ReadonlyMap<string, Float32Array>;
let denseLoss = 0;

beforeAll(async () => {
  model = await tinyModel({ biases: { qkv: true, output: false, mlp: false } });
  modules = linearModules(model.config);
  // 4 + 2 and 3 + 1 labels: the batches do not weigh the same.
  batches = [
    [5, 3],
    [4, 2],
  ].map((lengths, i) => {
    const rows = lengths.map((length) => [sample(tokens(model.config, length, 40 + 3 * i + length))]);
    return tinyBatch(model.config, rows, { lossWeight: 1 / 10 }).feeds;
  });
  const { parameters } = fullPhase(model.config);
  const sessions = await TrainingSessions.create(
    new InterpreterRuntime('f32'),
    {
      spec: tinySpec(model),
      parameters,
      adam,
      maskable: new Set(),
      weightsFolder: model.folder,
    },
    new Map(parameters.map(({ name }) => [name, initialState(model.weight(name))])),
    new Map(),
  );
  for (const [i, batch] of batches.entries()) denseLoss += await sessions.accumulate(batch, i === 0);
  dense = await sessions.gradients();
});

async function products(changes: Partial<GradientSource> = {}) {
  const calls: { readonly done: number[]; readonly losses: number[] } = { done: [], losses: [] };
  const source: GradientSource = {
    runtime: new InterpreterRuntime('f32'),
    spec: tinySpec(model),
    weightsFolder: model.folder,
    modules,
    batches,
    onBatch: (done) => calls.done.push(done),
    onLoss: (loss) => calls.losses.push(loss),
    ...changes,
  };
  return { products: await GradientProducts.create(source, rankOf), calls };
}

/** Another rank for each module. */
const rankOf = (module: LinearModule): number => Q + (modules.indexOf(module) % 3);

/** Random factors. */
function factors(side: 'inputs' | 'outputs'): Map<string, Float32Array> {
  return new Map(
    modules.map((module) => [
      module.path,
      new RandomStream(9, module.path).normals(rankOf(module) * module[side]),
    ]),
  );
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('the products with the gradients of all weights', () => {
  it('from the right are those with the gradient that full fine-tuning has', async () => {
    const x = factors('inputs');
    const found = await (await products()).products.times(x);
    expect([...found.keys()]).toEqual(modules.map(({ path }) => path));
    for (const { path, weight, inputs, outputs } of modules) {
      const right = x.get(path) ?? new Float32Array();
      const q = right.length / inputs;
      const gradient = dense.get(weight) ?? new Float32Array();
      const expected = multiply(gradient, transposed(right, q, inputs), outputs, inputs, q);
      expect(largest(expected), path).toBeGreaterThan(1e-3);
      expect(worstDifference(found.get(path) ?? [], expected), path).toBeLessThan(1e-5);
    }
  });

  it('from the left are too', async () => {
    const x = factors('outputs');
    const found = await (await products()).products.adjointTimes(x);
    for (const { path, weight, inputs, outputs } of modules) {
      const left = x.get(path) ?? new Float32Array();
      const q = left.length / outputs;
      const gradient = dense.get(weight) ?? new Float32Array();
      const expected = multiply(transposed(left, outputs, q), gradient, q, outputs, inputs);
      expect(largest(expected), path).toBeGreaterThan(1e-3);
      expect(worstDifference(found.get(path) ?? [], expected), path).toBeLessThan(1e-5);
    }
  });

  it('may be had of some modules alone, layers computed again or not', async () => {
    const some = modules.filter(({ kind }) => kind === 'v_proj' || kind === 'down_proj');
    const x = factors('inputs');
    const all = await (await products()).products.times(x);
    const { products: ofSome } = await products({
      modules: some,
      spec: tinySpec(model, { recompute: 'layers', fuseTranspose: true }),
    });
    const few = await ofSome.times(x);
    expect([...few.keys()]).toEqual(some.map(({ path }) => path));
    for (const [path, product] of few)
      expect(worstDifference(product, all.get(path) ?? [])).toBeLessThan(1e-5);
  });

  it('come with the base model’s loss, and count the batches on', async () => {
    const { products: made, calls } = await products();
    await made.times(factors('inputs'));
    await made.adjointTimes(factors('outputs'));
    expect(calls.done).toEqual([0, 1, 2, 3]);
    for (const loss of calls.losses) expect(loss).toBeCloseTo(denseLoss, 6);
    expect(calls.losses).toHaveLength(2);
  });

  it('end between two batches with what is thrown there', async () => {
    const seen: number[] = [];
    const { products: made } = await products({
      onBatch: (done) => {
        seen.push(done);
        if (done === 1) throw new Error('stopped');
      },
    });
    await expect(made.times(factors('inputs'))).rejects.toThrow('stopped');
    expect(seen).toEqual([0, 1]);
  });

  it('need a factor for each module', async () => {
    const x = factors('inputs');
    x.delete(modules[3]?.path ?? '');
    await expect((await products()).products.times(x)).rejects.toThrow(/o_proj'?: a product lacks a matrix/);
  });
});

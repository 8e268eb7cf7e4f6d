import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { LoraForm } from '../../../../src/engine/adapters/method';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { linearModules, weightSpecs, type LinearModule } from '../../../../src/engine/models/modules';
import { buildLogitsGraph, LOGITS } from '../../../../src/engine/training/stepGraph';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { Generator } from '../../../../src/trainer/inference/generator';
import { writeMergedFolder } from '../../../../src/trainer/inference/merged';
import { inferenceSpec, openBase, type TunedModel } from '../../../../src/trainer/inference/tunedModel';
import { writeModelFolder } from '../../../support/modelFolder';
import { sample, temporaryFolder, tinyBatch, tokens, worstDifference } from '../../../support/tinyModel';

let runtime: Runtime;
let base: TunedModel;
let tuned: TunedModel;
let merged: TunedModel;
let folder: string;
const fractions: number[] = [];

/** Random adapters, of unlike ranks, on some of the modules. */
function someAdapters(modules: readonly LinearModule[]): Map<LinearModule, LoraForm> {
  const forms = new Map<LinearModule, LoraForm>();
  for (const [i, module] of modules.entries()) {
    if (module.kind === 'k_proj') continue;
    const rank = 1 + (i % 3);
    const random = new RandomStream(9, module.path);
    const [a, b] = [random.normals(rank * module.inputs, 0.3), random.normals(module.outputs * rank, 0.3)];
    forms.set(module, { rank, a, b });
  }
  return forms;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  process.env['EIGENLOOM_CACHE'] = join(folder, 'cache');
  runtime = await createRuntime('cpu', { threads: 1 });
  base = await openBase(await writeModelFolder(join(folder, 'base')), {});
  tuned = { ...base, adapters: someAdapters(linearModules(base.model.config)) };
  await writeMergedFolder(join(folder, 'merged'), tuned, (fraction) => fractions.push(fraction));
  merged = await openBase(join(folder, 'merged'), {});
});
afterAll(() => runtime.dispose());

async function logitsOf(model: TunedModel): Promise<Float32Array> {
  const { config } = model.model;
  const { spec, feeds } = inferenceSpec(model, 32, true);
  const session = await runtime.createSession(buildLogitsGraph(spec), {
    label: 'logits',
    weightsFolder: model.weightsFolder,
  });
  const batch = tinyBatch(config, [[sample(tokens(config, 9))], [sample(tokens(config, 4, 2))]], {
    chunks: 1,
  });
  const { host } = await session.run({ ...batch.feeds, ...feeds });
  await session.dispose();
  const data = host[LOGITS]?.data;
  if (!(data instanceof Float32Array)) throw new Error('no logits');
  return data;
}

/** What a model writes, a piece for each token and one more at the end. */
async function pieces(
  model: TunedModel,
  asked: { readonly maxNewTokens: number; readonly temperature: number; readonly seed: number },
  capacity = 40,
): Promise<string[]> {
  const generator = await Generator.create(runtime, model, capacity);
  const written: string[] = [];
  for await (const piece of generator.generate('We hold', asked)) written.push(piece);
  await generator.dispose();
  return written;
}

const answer = async (model: TunedModel, temperature: number, seed: number): Promise<string> =>
  (await pieces(model, { maxNewTokens: 12, temperature, seed })).join('');

describe('a merged folder', () => {
  it('gives the logits of the model with its adapters', async () => {
    const [plain, adapted, whole] = [await logitsOf(base), await logitsOf(tuned), await logitsOf(merged)];
    expect(worstDifference(whole, adapted)).toBeLessThan(1e-4);
    expect(worstDifference(whole, plain)).toBeGreaterThan(0.1);
  });

  it('leaves every weight without an adapter as it was, bit for bit', async () => {
    const adapted = new Set([...tuned.adapters.keys()].map(({ weight }) => weight));
    for (const { name } of weightSpecs(base.model.config)) {
      const [before, after] = [
        await base.model.source.readTensor(name),
        await merged.model.source.readTensor(name),
      ];
      if (adapted.has(name)) expect(after, name).not.toEqual(before);
      else expect(after, name).toEqual(before);
    }
    expect(merged.model.source.tensors.size).toBe(weightSpecs(base.model.config).length);
  });

  it('has the model’s own config and tokenizer, and says that it is f32', async () => {
    const read = async (from: string, file: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, from, file), 'utf8'));
    const expected = Object.assign({}, await read('base', 'config.json'), { torch_dtype: undefined });
    expect(await read('merged', 'config.json')).toEqual({ ...expected, dtype: 'float32' });
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
      expect(await read('merged', file)).toEqual(await read('base', file));
    }
  });

  it('tells how far it is', () => {
    expect(fractions).toHaveLength(weightSpecs(base.model.config).length);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });
});

describe('generation', () => {
  it('answers the same with adapters and with merged weights, and not as the base does', async () => {
    expect(await answer(tuned, 0, 1)).toBe(await answer(merged, 0, 1));
    expect(await answer(tuned, 0, 1)).not.toBe(await answer(base, 0, 1));
  });

  it('repeats itself from the same seed, and writes no more than it is asked for', async () => {
    expect(await answer(tuned, 1, 5)).toBe(await answer(tuned, 1, 5));
    expect(await answer(tuned, 1, 5)).not.toBe(await answer(tuned, 1, 6));
    for (const maxNewTokens of [0, 3]) {
      const written = await pieces(tuned, { maxNewTokens, temperature: 0, seed: 1 });
      expect(written.length).toBe(maxNewTokens + 1);
    }
  });

  it('ends where the model reads no more', async () => {
    const written = await pieces(tuned, { maxNewTokens: 1000, temperature: 0.8, seed: 3 }, 1000);
    expect(base.model.config.maxPositions).toBe(128);
    expect(written.length).toBeGreaterThan(1);
    expect(written.length).toBeLessThanOrEqual(128);
  });

  it('refuses layers that see differently far back, once that matters', async () => {
    const { config } = base.model;
    const mixed = {
      ...base,
      model: { ...base.model, config: { ...config, slidingWindows: [undefined, 16] } },
    };
    await expect(Generator.create(runtime, mixed, 40)).rejects.toThrow(
      /key '--max-new-tokens': layers with different sliding windows are not supported.*got 40; expected at most 16/,
    );
    const generator = await Generator.create(runtime, mixed, 16);
    await generator.dispose();
  });
});

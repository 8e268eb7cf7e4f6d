import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { linearModules, type LinearModule } from '../../../../src/engine/models/modules';
import { readPeftFolder, writePeftFolder } from '../../../../src/trainer/training/peftFolder';
import { readSafetensorsHeader } from '../../../../src/weights/safetensors/header';
import { writeSafetensors } from '../../../../src/weights/safetensors/write';
import { loraFormsOf, nudgeAll, tinyAdapters } from '../../../support/tinyAdapters';
import { temporaryFolder, tinyModel, type TinyModel } from '../../../support/tinyModel';

let model: TinyModel;
let modules: readonly LinearModule[];
beforeAll(async () => {
  model = await tinyModel();
  modules = linearModules(model.config);
});

const TARGETS = ['q_proj', 'layers.1.*down_proj'];

async function written(method: 'lora' | 'pissa' | 'lamda' = 'lora', ranks: readonly number[] = []) {
  const folder = await temporaryFolder();
  const adapted = tinyAdapters(model, method, { alpha: 6 }, TARGETS, ranks);
  nudgeAll(adapted);
  const forms = loraFormsOf(adapted);
  await writePeftFolder(folder, 'some/model', modules, forms);
  return { folder, forms, chosen: [...forms.keys()] };
}

async function changeConfig(folder: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(folder, 'adapter_config.json');
  const before: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(Object.assign({}, before, change)));
}

async function factsOf(work: Promise<unknown>): Promise<InputError['facts']> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.facts;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('an adapter folder', () => {
  it.each(['lora', 'pissa', 'lamda'] as const)('is read back as it was written: %s', async (method) => {
    const { folder, forms, chosen } = await written(method);
    const stored = await readPeftFolder(folder, chosen);
    const rank = method === 'pissa' ? 6 : 3;
    expect([...stored.keys()]).toEqual(chosen.map(({ path }) => path));
    for (const [module, { a, b }] of forms) {
      // Its scale lies in B: PEFT's own is 1.
      expect(stored.get(module.path)).toEqual({ rank, alpha: rank, factors: { lora_A: a, lora_B: b } });
    }
  });

  it('holds exactly PEFT’s tensors', async () => {
    const { folder } = await written();
    const { tensors } = await readSafetensorsHeader(join(folder, 'adapter_model.safetensors'));
    const names = [...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join('x')}`);
    expect(names.sort()).toEqual([
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight F32 3x16',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight F32 24x3',
      'base_model.model.model.layers.1.mlp.down_proj.lora_A.weight F32 3x20',
      'base_model.model.model.layers.1.mlp.down_proj.lora_B.weight F32 16x3',
      'base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight F32 3x16',
      'base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight F32 24x3',
    ]);
    const config: unknown = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ target_modules: ['q_proj', 'model.layers.1.mlp.down_proj'], r: 3 });
  });

  it('of rank-stabilised LoRA has alpha times the root of its rank', async () => {
    const { folder, chosen } = await written();
    await changeConfig(folder, { lora_alpha: 6, use_rslora: true });
    const [first] = (await readPeftFolder(folder, chosen)).values();
    expect(first?.alpha).toBeCloseTo(6 * Math.sqrt(3), 12);
  });

  it('with patterns that are null is a plain one', async () => {
    const { folder, chosen } = await written();
    await changeConfig(folder, { rank_pattern: null, alpha_pattern: undefined });
    expect([...(await readPeftFolder(folder, chosen)).values()].map(({ rank }) => rank)).toEqual([3, 3, 3]);
  });
});

describe('an adapter with a rank for each module', () => {
  it('is read back as it was written', async () => {
    const { folder, forms, chosen } = await written('lora', [3, 3, 5]);
    const config: unknown = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 3, rank_pattern: { [chosen[2]?.path ?? '']: 5 } });
    const stored = await readPeftFolder(folder, chosen);
    expect([...stored.values()].map(({ rank, alpha }) => [rank, alpha])).toEqual([
      [3, 3],
      [3, 3],
      [5, 5],
    ]);
    for (const [module, { a, b }] of forms) {
      expect(stored.get(module.path)?.factors).toEqual({ lora_A: a, lora_B: b });
    }
  });

  it('takes names and the ends of paths, as PEFT does', async () => {
    const { folder, chosen } = await written();
    await changeConfig(folder, { alpha_pattern: { q_proj: 8, 'layers.1.mlp.down_proj': 9 } });
    const stored = await readPeftFolder(folder, chosen);
    expect(chosen.map(({ path }) => stored.get(path)?.alpha)).toEqual(
      chosen.map(({ kind }) => (kind === 'q_proj' ? 8 : 9)),
    );
  });

  it.each([
    ['a regular expression', { rank_pattern: { '.*q_proj': 8 } }],
    ['no number', { alpha_pattern: { q_proj: '8' } }],
    ['a rank below one', { rank_pattern: { q_proj: 0 } }],
    ['no object', { rank_pattern: 'q_proj' }],
  ])('is refused where its pattern is %s', async (_, change) => {
    const { folder, chosen } = await written();
    await changeConfig(folder, change);
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({
      what: 'the adapter gives numbers to modules in a way that is not read',
      file: join(folder, 'adapter_config.json'),
    });
  });
});

describe('an adapter folder that cannot be used', () => {
  it.each([
    ['another method', { peft_type: 'IA3' }],
    ['DoRA', { use_dora: true }],
    ['no rank', { r: 'three' }],
    ['no alpha', { lora_alpha: null }],
  ])('has %s', async (_, change) => {
    const { folder, chosen } = await written();
    await changeConfig(folder, change);
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({
      what: 'the adapter is no plain LoRA',
      file: join(folder, 'adapter_config.json'),
    });
  });

  it('lacks the modules that are asked for', async () => {
    const { folder } = await written();
    expect(await factsOf(readPeftFolder(folder, modules))).toMatchObject({
      what: 'the adapter lacks a tensor',
      file: join(folder, 'adapter_model.safetensors'),
      tensor: 'base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight',
      expected: '[3, 16]',
    });
  });

  it('has modules that are not asked for', async () => {
    const { folder, chosen } = await written();
    expect(await factsOf(readPeftFolder(folder, chosen.slice(0, 2)))).toMatchObject({
      what: 'the adapter has a tensor that would not be used',
      file: join(folder, 'adapter_model.safetensors'),
      tensor: 'base_model.model.model.layers.1.mlp.down_proj.lora_A.weight',
    });
  });

  it('was trained on another shape', async () => {
    const { folder, chosen } = await written();
    const other = linearModules({ ...model.config, hiddenSize: 32 }).filter(({ path }) =>
      chosen.some((module) => module.path === path),
    );
    expect(await factsOf(readPeftFolder(folder, other))).toMatchObject({
      what: 'a tensor of the adapter has the wrong shape',
      got: '[3, 16]',
      expected: '[3, 32]',
    });
  });

  it('has another rank in its config than in its tensors', async () => {
    const { folder, chosen } = await written();
    await changeConfig(folder, { r: 4 });
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({
      got: '[3, 16]',
      expected: '[4, 16]',
    });
  });

  it('is not there, or lacks its config', async () => {
    const { folder, chosen } = await written();
    await rm(join(folder, 'adapter_config.json'));
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({
      what: 'the adapter cannot be read',
      file: join(folder, 'adapter_config.json'),
    });
  });

  it.each(['', '{"r": 3', '[]', 'null', '"r"'])('has a damaged config: %j', async (text) => {
    const { folder, chosen } = await written();
    await writeFile(join(folder, 'adapter_config.json'), text);
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({
      what: 'the file is no JSON object',
    });
  });

  it('lacks its weights, or has them cut off', async () => {
    const { folder, chosen } = await written();
    const file = join(folder, 'adapter_model.safetensors');
    const bytes = await readFile(file);
    for (const length of [0, 4, 200, bytes.length - 4]) {
      await writeFile(file, bytes.subarray(0, length));
      expect((await factsOf(readPeftFolder(folder, chosen))).file).toBe(file);
    }
    await rm(file);
    expect((await factsOf(readPeftFolder(folder, chosen))).file).toBe(file);
  });

  it('has half-precision tensors', async () => {
    const { folder, chosen } = await written();
    const [module] = chosen;
    const name = `base_model.model.${module?.path ?? ''}.lora_A.weight`;
    const file = join(folder, 'adapter_model.safetensors');
    await writeSafetensors(file, [{ name, dtype: 'F16', shape: [3, 16], data: new Uint16Array(48) }]);
    expect(await factsOf(readPeftFolder(folder, chosen))).toMatchObject({ file, tensor: name, got: 'F16' });
  });
});

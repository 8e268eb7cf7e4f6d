import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { f32ToBf16 } from '../../../src/weights/half';
import { openModel } from '../../../src/weights/openModel';
import { writeSafetensors, type TensorToWrite } from '../../../src/weights/safetensors/write';
import { inFolder, messageOf } from './support';

const f32 = (name: string, values: readonly number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  data: Float32Array.from(values),
});

function bf16(name: string, values: readonly number[]): TensorToWrite {
  const data = new Uint16Array(values.length);
  f32ToBf16(Float32Array.from(values), data);
  return { name, dtype: 'BF16', shape: [values.length], data };
}

async function makeFolder(folder: string, tensors: readonly TensorToWrite[]): Promise<string> {
  const model = path.join(folder, 'model');
  await fs.mkdir(model);
  await fs.writeFile(path.join(model, 'config.json'), '{"model_type":"llama"}');
  await writeSafetensors(path.join(model, 'model.safetensors'), tensors);
  return model;
}

async function makeShards(folder: string, names: readonly string[]): Promise<string> {
  const model = await makeFolder(folder, []);
  await fs.rm(path.join(model, 'model.safetensors'));
  const weight_map: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const shard = `model-${i + 1}-of-${names.length}.safetensors`;
    weight_map[name] = shard;
    await writeSafetensors(path.join(model, shard), [f32(name, [i, i])]);
  }
  await fs.writeFile(path.join(model, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
  return model;
}

/** f32 numbers of a mapped tensor, read the way the runtime would. */
async function mappedValues(
  set: Awaited<ReturnType<Awaited<ReturnType<typeof openModel>>['mapped']>>,
  name: string,
): Promise<number[]> {
  const tensor = set.tensors.get(name);
  if (tensor === undefined) throw new Error(`${name} is not mapped`);
  const bytes = await fs.readFile(path.join(set.folder, tensor.file));
  return Array.from({ length: tensor.length / 4 }, (_, i) => bytes.readFloatLE(tensor.offset + 4 * i));
}

describe('openModel on a Hugging Face folder', () => {
  it('uses f32 weights where they lie', async () => {
    await inFolder(async (folder) => {
      const model = await makeFolder(folder, [
        f32('w', [1, 2]),
        { name: 'ids', dtype: 'I64', shape: [1], data: BigInt64Array.of(1n) },
      ]);
      const source = await openModel(model, { cache: path.join(folder, 'cache') });
      expect(source.kind).toBe('hugging-face');
      expect(source.config).toEqual({ model_type: 'llama' });
      expect([...source.tensors.keys()].sort()).toEqual(['ids', 'w']);
      const set = await source.mapped();
      expect(set.folder).toBe(model);
      expect([...set.tensors.keys()]).toEqual(['w']);
      expect(await mappedValues(set, 'w')).toEqual([1, 2]);
      expect([...(await source.readTensor('w'))]).toEqual([1, 2]);
      expect(await messageOf(() => source.readTensor('v'))).toMatch(/no such tensor.*'w'/);
      expect(await messageOf(() => source.readTensor('ids'))).toMatch(/I64/);
    });
  });

  it.runIf(process.platform !== 'win32')(
    'maps the real file behind a link, as in the hub cache',
    async () => {
      await inFolder(async (folder) => {
        const model = await makeFolder(folder, [f32('w', [1, 2])]);
        const blobs = path.join(folder, 'blobs');
        await fs.mkdir(blobs);
        await fs.rename(path.join(model, 'model.safetensors'), path.join(blobs, 'abc'));
        await fs.symlink(path.join('..', 'blobs', 'abc'), path.join(model, 'model.safetensors'));
        const set = await (await openModel(model, { cache: path.join(folder, 'cache') })).mapped();
        expect(set.folder).toBe(blobs);
        expect(await mappedValues(set, 'w')).toEqual([1, 2]);
      });
    },
  );

  it('reads shards, and names the missing ones', async () => {
    await inFolder(async (folder) => {
      const model = await makeShards(folder, ['a', 'b', 'c']);
      const options = { cache: path.join(folder, 'cache') };
      const set = await (await openModel(model, options)).mapped();
      expect(await mappedValues(set, 'b')).toEqual([1, 1]);
      await fs.rm(path.join(model, 'model-1-of-3.safetensors'));
      await fs.rm(path.join(model, 'model-3-of-3.safetensors'));
      expect(await messageOf(() => openModel(model, options))).toMatch(
        /2 of 3 weight files are missing.*model-1-of-3\.safetensors, model-3-of-3\.safetensors/,
      );
    });
  });

  it('refuses an index that lies or leaves the folder', async () => {
    await inFolder(async (folder) => {
      const model = await makeShards(folder, ['a', 'b']);
      const index = path.join(model, 'model.safetensors.index.json');
      const refused = async (weight_map: unknown): Promise<string> => {
        await fs.writeFile(index, JSON.stringify({ weight_map }));
        return messageOf(() => openModel(model, { cache: path.join(folder, 'cache') }));
      };
      expect(await refused({ b: 'model-1-of-2.safetensors' })).toMatch(/'b'.*does not/);
      expect(await refused({ a: '../x.safetensors' })).toMatch(/cannot be a shard/);
      expect(await refused(undefined)).toMatch(/weight_map/);
    });
  });

  it('converts other forms once, into the cache', async () => {
    await inFolder(async (folder) => {
      const model = await makeFolder(folder, [f32('a', [1]), bf16('b', [1.5, -2])]);
      const options = { cache: path.join(folder, 'cache') };
      const source = await openModel(model, options);
      const seen: number[] = [];
      const set = await source.mapped({ onProgress: ({ done, total }) => seen.push(done / total) });
      expect(set.folder.startsWith(options.cache)).toBe(true);
      expect(await mappedValues(set, 'b')).toEqual([1.5, -2]);
      expect(await mappedValues(set, 'a')).toEqual([1]);
      expect(seen.at(-1)).toBe(1);
      const again: number[] = [];
      expect(await source.mapped({ onProgress: ({ done }) => again.push(done) })).toEqual(set);
      expect(again).toEqual([]);
      // A cut file in the cache is made again.
      await fs.truncate(path.join(set.folder, 'model.safetensors'), 20);
      expect(await mappedValues(await source.mapped(), 'b')).toEqual([1.5, -2]);
      expect(await fs.readdir(model)).toEqual(['config.json', 'model.safetensors']);
    });
  });

  it('can be cancelled while it converts, and leaves nothing', async () => {
    await inFolder(async (folder) => {
      const model = await makeFolder(folder, [bf16('a', [1]), bf16('b', [2])]);
      const cache = path.join(folder, 'cache');
      const source = await openModel(model, { cache });
      const abort = new AbortController();
      const work = source.mapped({
        signal: abort.signal,
        onProgress: () => abort.abort(new Error('stopped')),
      });
      await expect(work).rejects.toThrow('stopped');
      expect(await fs.readdir(path.join(cache, 'weights'))).toEqual([]);
    });
  });

  it('hashes content, not place or time', async () => {
    await inFolder(async (folder) => {
      const options = { cache: path.join(folder, 'cache') };
      const model = await makeFolder(folder, [f32('w', [1, 2])]);
      const hash = await (await openModel(model, options)).contentHash();
      const copy = path.join(folder, 'copy');
      await fs.cp(model, copy, { recursive: true });
      expect(await (await openModel(copy, options)).contentHash()).toBe(hash);
      await writeSafetensors(path.join(copy, 'model.safetensors'), [f32('w', [1, 3])]);
      expect(await (await openModel(copy, options)).contentHash()).not.toBe(hash);
    });
  });

  it('reads the tokenizer files when they are asked for', async () => {
    await inFolder(async (folder) => {
      const model = await makeFolder(folder, []);
      const options = { cache: path.join(folder, 'cache') };
      const without = await openModel(model, options);
      expect(await messageOf(() => without.tokenizer)).toMatch(/no tokenizer\.json/);
      await fs.writeFile(path.join(model, 'tokenizer.json'), '{"model":{}}');
      const templates = [
        { name: 'tools', template: 'T' },
        { name: 'default', template: 'D' },
      ];
      await fs.writeFile(
        path.join(model, 'tokenizer_config.json'),
        JSON.stringify({ chat_template: templates }),
      );
      const { tokenizer } = await openModel(model, options);
      expect(tokenizer).toMatchObject({
        tokenizerJson: { model: {} },
        chatTemplate: 'D',
        generationConfig: undefined,
      });
      await fs.writeFile(path.join(model, 'chat_template.jinja'), 'J');
      expect((await openModel(model, options)).tokenizer.chatTemplate).toBe('J');
    });
  });
});

describe('openModel says what is wrong', () => {
  it('with a path', async () => {
    await inFolder(async (folder) => {
      const model = await makeFolder(folder, []);
      const missing = await messageOf(() => openModel(path.join(folder, 'modle')));
      expect(missing).toMatch(/no model here.*no 'modle' in .*which has model.*Did you mean .*model\?/);
      expect(await messageOf(() => openModel(path.join(folder, 'x', 'y', 'z')))).toMatch(/no 'x' in/);
      expect(await messageOf(() => openModel(path.join(model, 'model.safetensors')))).toMatch(
        /Name its folder/,
      );
    });
  });

  it('with a folder', async () => {
    await inFolder(async (folder) => {
      const options = { cache: path.join(folder, 'cache') };
      const refused = async (...names: string[]): Promise<string> => {
        const model = await fs.mkdtemp(path.join(folder, 'm-'));
        for (const name of names) await fs.writeFile(path.join(model, name), '{}');
        return messageOf(() => openModel(model, options));
      };
      expect(await refused()).toMatch(/no config\.json; got an empty folder/);
      expect(await refused('a.gguf')).toMatch(/Name the GGUF file itself: .*a\.gguf/);
      expect(await refused('adapter_config.json')).toMatch(/adapter, not a model.*init_from/);
      expect(await refused('config.json', 'pytorch_model.bin')).toMatch(
        /pickle.*pytorch_model\.bin.*save_pretrained/,
      );
      expect(await refused('config.json', 'x.safetensors')).toMatch(/no weights.*Rename/);
      expect(await refused('config.json')).toMatch(/no weights.*Download/);
    });
  });
});

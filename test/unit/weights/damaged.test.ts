import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ggufConfig } from '../../../src/weights/gguf/config';
import { readGgufHeader } from '../../../src/weights/gguf/header';
import { ggufTokenizer } from '../../../src/weights/gguf/tokenizer';
import { openModel } from '../../../src/weights/openModel';
import { readSafetensorsHeader } from '../../../src/weights/safetensors/header';
import { damage, damaged, damagedInputs } from '../../support/damage';
import { tinyLlama } from './gguf/builder';
import { inFolder, resultOrTypedError, safetensorsBytes } from './support';

/** Runs `read` on damaged forms of a file; each must end in a result or a typed error, within a bound of memory. */
async function survives(
  original: Uint8Array,
  name: string,
  read: (file: string) => unknown,
  runs: number,
  beside: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    for (const [other, bytes] of Object.entries(beside)) await fs.writeFile(path.join(folder, other), bytes);
    const file = path.join(folder, name);
    await fs.writeFile(file, original);
    await read(file);
    const before = process.memoryUsage();
    let most = 0;
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        await fs.writeFile(file, damaged(original, changes));
        await resultOrTypedError(() => read(file));
        const now = process.memoryUsage();
        most = Math.max(most, now.external + now.arrayBuffers - before.external - before.arrayBuffers);
      }),
      { numRuns: runs },
    );
    expect(most).toBeLessThan(256 * 1024 * 1024);
  });
}

describe('a damaged file ends in a typed error or a right result', () => {
  it('safetensors', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      b: { dtype: 'BF16', shape: [3], data_offsets: [16, 22] },
    };
    const read = async (file: string): Promise<void> => {
      const { size } = await fs.stat(file);
      const { tensors } = await readSafetensorsHeader(file);
      for (const { offset, length } of tensors.values()) expect(offset + length).toBeLessThanOrEqual(size);
    };
    await survives(safetensorsBytes(header, 22), 'model.safetensors', read, damagedInputs('safetensors'));
  });

  it('GGUF', async () => {
    const builder = tinyLlama().tensor('blk.0.attn_q.weight', [8, 8], Array<number>(64).fill(1));
    builder.tensor('rope_freqs.weight', [2], [1, 1]).text('tokenizer.chat_template', '{{ messages }}');
    const read = async (file: string): Promise<void> => {
      const { size } = await fs.stat(file);
      const header = readGgufHeader(file);
      for (const { offset, length } of header.tensors.values())
        expect(offset + length).toBeLessThanOrEqual(size);
      ggufConfig(header, file, undefined);
      ggufTokenizer(header, file);
    };
    await survives(builder.build(), 'model.gguf', read, damagedInputs('gguf'));
  });

  it('a whole GGUF model, read to its last number', async () => {
    const builder = tinyLlama().tensor('blk.0.attn_q.weight', [8, 8], Array<number>(64).fill(1));
    const read =
      (cache: string) =>
      async (file: string): Promise<void> => {
        const source = await openModel(file, { cache });
        for (const name of source.tensors.keys()) await source.readTensor(name);
      };
    await inFolder(async (cache) =>
      survives(builder.build(), 'model.gguf', read(cache), damagedInputs('ggufModel')),
    );
  });

  it('index of shards', async () => {
    const weight_map = { a: 'model-1.safetensors', b: 'model-2.safetensors' };
    const index = new TextEncoder().encode(JSON.stringify({ metadata: { total_size: 4 }, weight_map }));
    const shard = (name: string): Uint8Array =>
      safetensorsBytes({ [name]: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, 4);
    const beside = {
      'config.json': new TextEncoder().encode('{}'),
      'model-1.safetensors': shard('a'),
      'model-2.safetensors': shard('b'),
    };
    await inFolder(async (cache) => {
      const read = async (file: string): Promise<void> => {
        const source = await openModel(path.dirname(file), { cache });
        for (const name of source.tensors.keys()) await source.readTensor(name);
      };
      await survives(index, 'model.safetensors.index.json', read, damagedInputs('shardIndex'), beside);
    });
  });
});

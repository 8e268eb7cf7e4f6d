import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ggufConfig } from '../../../src/weights/gguf/config';
import { readGgufHeader } from '../../../src/weights/gguf/header';
import { ggufTokenizer } from '../../../src/weights/gguf/tokenizer';
import { openModel } from '../../../src/weights/openModel';
import { readSafetensorsHeader } from '../../../src/weights/safetensors/header';
import { tinyLlama } from './gguf/builder';
import { inFolder, PROPERTY_RUNS, resultOrTypedError, safetensorsBytes } from './support';

/** What may be done to a file: bytes set, a 64-bit number overwritten, a piece cut out, the end cut or stretched. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('byte', 'number', 'cut', 'end', 'grow', 'swap'),
    at: fc.nat(),
    value: fc.nat(),
    number: fc.oneof(
      fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Uint8Array, changes: Damage): Uint8Array {
  let result = bytes.slice();
  for (const { kind, at, value, number } of changes) {
    const position = result.length === 0 ? 0 : at % result.length;
    const piece = value % 16;
    if (kind === 'byte' && result.length > 0) result[position] = value & 255;
    else if (kind === 'number' && result.length >= 8) {
      new DataView(result.buffer).setBigUint64(Math.min(position, result.length - 8), number, true);
    } else if (kind === 'cut') {
      result = Uint8Array.from([...result.subarray(0, position), ...result.subarray(position + piece)]);
    } else if (kind === 'end') result = result.slice(0, position);
    else if (kind === 'grow') result = Uint8Array.from([...result, ...new Uint8Array(piece)]);
    else if (kind === 'swap')
      result.copyWithin(position, value % (result.length + 1), (value % (result.length + 1)) + 8);
  }
  return result;
}

/** Runs `read` on damaged forms of a file; each must end in a result or a typed error, within a bound of memory. */
async function survives(
  original: Uint8Array,
  name: string,
  read: (file: string) => unknown,
  {
    runs = PROPERTY_RUNS,
    beside = {},
  }: { runs?: number; beside?: Readonly<Record<string, Uint8Array>> } = {},
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
    await survives(safetensorsBytes(header, 22), 'model.safetensors', async (file) => {
      const { size } = await fs.stat(file);
      const { tensors } = await readSafetensorsHeader(file);
      for (const { offset, length } of tensors.values()) expect(offset + length).toBeLessThanOrEqual(size);
    });
  });

  it('GGUF', async () => {
    const builder = tinyLlama().tensor('blk.0.attn_q.weight', [8, 8], Array<number>(64).fill(1));
    builder.tensor('rope_freqs.weight', [2], [1, 1]).text('tokenizer.chat_template', '{{ messages }}');
    await survives(builder.build(), 'model.gguf', async (file) => {
      const { size } = await fs.stat(file);
      const header = readGgufHeader(file);
      for (const { offset, length } of header.tensors.values())
        expect(offset + length).toBeLessThanOrEqual(size);
      ggufConfig(header, file, undefined);
      ggufTokenizer(header, file);
    });
  });

  // Hashing a file's content goes through the cache, and so to the disk: fewer runs.
  const runs = Math.ceil(PROPERTY_RUNS / 5);

  it('a whole GGUF model, read to its last number', async () => {
    const builder = tinyLlama().tensor('blk.0.attn_q.weight', [8, 8], Array<number>(64).fill(1));
    const read =
      (cache: string) =>
      async (file: string): Promise<void> => {
        const source = await openModel(file, { cache });
        for (const name of source.tensors.keys()) await source.readTensor(name);
      };
    await inFolder(async (cache) => survives(builder.build(), 'model.gguf', read(cache), { runs }));
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
      await survives(index, 'model.safetensors.index.json', read, { runs, beside });
    });
  });
});

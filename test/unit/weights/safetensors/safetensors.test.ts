import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensorsHeader } from '../../../../src/weights/safetensors/header';
import { writeSafetensors, type TensorToWrite } from '../../../../src/weights/safetensors/write';
import { inFolder, messageOf, safetensorsBytes } from '../support';

const f32 = (name: string, values: readonly number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  data: Float32Array.from(values),
});

/** The message for a file with this header. */
async function refused(header: unknown, dataLength: number): Promise<string> {
  return inFolder(async (folder) => {
    const file = path.join(folder, 'bad.safetensors');
    await fs.writeFile(file, safetensorsBytes(header, dataLength));
    const message = await messageOf(() => readSafetensorsHeader(file));
    expect(message).toContain(file);
    return message;
  });
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4]): unknown => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('writeSafetensors', () => {
  it('writes what readSafetensorsHeader reads, aligned, wider types first', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'a.safetensors');
      const streamed: TensorToWrite = {
        name: '__proto__',
        dtype: 'F32',
        shape: [2, 2],
        data: async function* () {
          const piece = Float32Array.of(1, 2);
          yield piece;
          await Promise.resolve();
          piece.set([3, 4]);
          yield piece;
        },
      };
      const half: TensorToWrite = { name: 'h', dtype: 'F16', shape: [3], data: Uint16Array.of(1, 2, 3) };
      await writeSafetensors(file, [half, streamed, f32('"quoted\n', [5])], { format: 'pt' });
      const { tensors, metadata } = await readSafetensorsHeader(file);
      expect([...tensors.keys()]).toEqual(['__proto__', '"quoted\n', 'h']);
      expect(metadata.get('format')).toBe('pt');
      const bytes = await fs.readFile(file);
      const at = tensors.get('__proto__')?.offset ?? 0;
      expect(at % 8).toBe(0);
      expect([0, 4, 8, 12, 16].map((i) => bytes.readFloatLE(at + i))).toEqual([1, 2, 3, 4, 5]);
      expect(tensors.get('h')).toMatchObject({ dtype: 'F16', shape: [3], length: 6 });
    });
  });

  it('leaves the old file and nothing else when a tensor fails', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'a.safetensors');
      await writeSafetensors(file, [f32('w', [1])]);
      const before = await fs.readFile(file);
      const short: TensorToWrite = { name: 'w', dtype: 'F32', shape: [3], data: Float32Array.of(1) };
      await expect(writeSafetensors(file, [short])).rejects.toThrow(/'w'.*4 bytes.*12/);
      const long: TensorToWrite = { name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1, 2) };
      await expect(writeSafetensors(file, [long])).rejects.toThrow(/more bytes/);
      await expect(writeSafetensors(file, [f32('w', [1]), f32('w', [1])])).rejects.toThrow(/share a name/);
      expect(await fs.readFile(file)).toEqual(before);
      expect(await fs.readdir(folder)).toEqual(['a.safetensors']);
    });
  });
});

describe('readSafetensorsHeader refuses', () => {
  it('a truncated file, naming the tensor and both sizes', async () => {
    const message = await refused({ a: entry(0, 8), b: entry(8, 40) }, 20);
    expect(message).toMatch(/tensor 'b'.*truncated.*got \d+ bytes.*expected \d+ bytes.*download/i);
  });
  it('a header that lies about a size', async () => {
    expect(await refused({ a: entry(0, 8, [3]) }, 8)).toMatch(/tensor 'a'.*lies.*\[0, 8\].*12 bytes/);
  });
  it('overlaps, holes and data that belongs to nothing', async () => {
    expect(await refused({ a: entry(0, 8), b: entry(4, 12) }, 12)).toMatch(/'b'.*overlaps/);
    expect(await refused({ a: entry(0, 8), b: entry(12, 16) }, 16)).toMatch(/'b'.*hole/);
    expect(await refused({ a: entry(0, 8) }, 9)).toMatch(/longer/);
  });
  it('shapes, offsets and types that cannot be', async () => {
    expect(await refused({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, 4)).toMatch(/shape/);
    expect(await refused({ a: { dtype: 'F32', shape: [1.5], data_offsets: [0, 6] } }, 6)).toMatch(/shape/);
    expect(await refused({ a: { dtype: 'F32', shape: [1], data_offsets: [4] } }, 4)).toMatch(/data_offsets/);
    expect(await refused({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, 4)).toMatch(/lies/);
    expect(await refused({ a: { dtype: 'Q9', shape: [1], data_offsets: [0, 4] } }, 4)).toMatch(
      /"Q9".*F64, F32/,
    );
    const huge = { a: { dtype: 'F32', shape: [2 ** 52, 2 ** 52], data_offsets: [0, 4] } };
    expect(await refused(huge, 4)).toMatch(/lies/);
    expect(await refused({ a: 7 }, 0)).toMatch(/not an object/);
  });
  it('keys that stand twice', async () => {
    const twice =
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}';
    expect(await refused(twice, 1)).toMatch(/'a' twice/);
    expect(await refused('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1)).toMatch(
      /'dtype' twice/,
    );
  });
  it('what is no header', async () => {
    expect(await refused('[]', 0)).toMatch(/not a JSON object/);
    expect(await refused('{"a":', 0)).toMatch(/not valid JSON/);
    expect(await refused({ __metadata__: { a: 1 } }, 0)).toMatch(/__metadata__/);
  });
  it('a header longer than the file or the format allows, without allocating it', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'a');
      const bytes = safetensorsBytes({}, 0);
      new DataView(bytes.buffer).setBigUint64(0, 1000n, true);
      await fs.writeFile(file, bytes);
      expect(await messageOf(() => readSafetensorsHeader(file))).toMatch(/ends inside its header/);
      new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
      await fs.writeFile(file, bytes);
      expect(await messageOf(() => readSafetensorsHeader(file))).toMatch(/not a safetensors file/);
      await fs.writeFile(file, 'short');
      expect(await messageOf(() => readSafetensorsHeader(file))).toMatch(/too short/);
      expect(await messageOf(() => readSafetensorsHeader(path.join(folder, 'none')))).toMatch(
        /does not exist/,
      );
    });
  });
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { WholeSpectra } from '../../../../src/engine/spectra/wholeSpectra';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { isRecord, numbersAt, parseRecord } from '../../../parity/decode';
import { readTensors } from '../../../parity/tensors';

const golden = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'spectra');
const read = async (name: string): Promise<Readonly<Record<string, unknown>>> =>
  parseRecord(await readFile(join(golden, name), 'utf8'));
const matrices = await readTensors(join(golden, 'matrices.safetensors'));
const values = await read('values.json');

/** What LAPACK makes of the same matrices in f64: see test/parity/make_spectra.py. */
describe('the golden spectra', () => {
  let runtime: Runtime;
  let spectra: WholeSpectra;
  beforeAll(async () => {
    runtime = await createRuntime('cpu', { threads: 1 });
    spectra = new WholeSpectra(runtime);
  });
  afterAll(async () => {
    await spectra.dispose();
    await runtime.dispose();
  });

  it('are the files that their generator wrote', async () => {
    const { files } = await read('manifest.json');
    if (!isRecord(files)) throw new Error('the manifest lists no files');
    expect(Object.keys(files).sort()).toEqual([
      'changes.json',
      'changes.safetensors',
      'matrices.safetensors',
      'values.json',
    ]);
    for (const [name, hash] of Object.entries(files)) {
      const bytes = await readFile(join(golden, name));
      expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(hash);
    }
    expect([...matrices.keys()].sort()).toEqual(Object.keys(values).sort());
  });

  it.each([...matrices])('are found, each value within its bound: %s', async (name, { shape, data }) => {
    const [rows = 0, columns = 0] = shape;
    const exact = numbersAt(values, name);
    const found = await spectra.of({ name, rows, columns, data });
    expect(found.values).toHaveLength(exact.length);
    const first = exact[0] ?? NaN;
    exact.forEach((value, i) => {
      const error = Math.abs((found.values[i] ?? NaN) - value);
      // LAPACK errs too, by some units of round-off of the largest value.
      expect(error).toBeLessThanOrEqual((found.bounds[i] ?? NaN) + 1e-14 * first);
      expect(error).toBeLessThanOrEqual(1e-6 * first);
    });
    expect(found.errorBound).toBeLessThanOrEqual(1e-5 * first);
  });
});

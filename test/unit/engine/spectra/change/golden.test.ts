import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../../../../src/engine/graph/runtime';
import { ChangeSpectra } from '../../../../../src/engine/spectra/change/changeSpectra';
import { exactTopSingular } from '../../../../../src/engine/spectra/exactSvd';
import { createRuntime } from '../../../../../src/runtime/onnxRuntime';
import { isRecord, numberAt, numbersAt, parseRecord } from '../../../../parity/decode';
import { readTensors } from '../../../../parity/tensors';

const golden = join(import.meta.dirname, '..', '..', '..', '..', 'fixtures', 'spectra');
const tensors = await readTensors(join(golden, 'changes.safetensors'));
const expected = parseRecord(await readFile(join(golden, 'changes.json'), 'utf8'));

/** What PyTorch makes of the same changes: see test/parity/make_spectra.py. */
describe('the golden changes', () => {
  let runtime: Runtime;
  let spectra: ChangeSpectra;
  beforeAll(async () => {
    runtime = await createRuntime('cpu', { threads: 1 });
    spectra = new ChangeSpectra(runtime);
  });
  afterAll(async () => {
    await spectra.dispose();
    await runtime.dispose();
  });

  it.each(['lora', 'pissa', 'lamda'])('are found: %s', async (method) => {
    const theirs = expected[method];
    if (!isRecord(theirs)) throw new Error('there is no such change');
    const part = (name: string): { shape: readonly number[]; data: Float32Array } =>
      tensors.get(`${method}.${name}`) ?? { shape: [], data: new Float32Array() };
    const [outputs = 0, inputs = 0] = part('weight').shape;
    const [inner = 0] = part('a').shape;
    const change = { name: method, outputs, inputs, rank: inner, b: part('b').data, a: part('a').data };
    const [rank, known] = [numberAt(theirs, 'rank'), Math.min(outputs, inputs)];
    const top = { ...exactTopSingular(part('weight').data, outputs, inputs, known), known, rank };
    const { change: decomposed, relation } = await spectra.related(change, top);
    const exact = numbersAt(theirs, 'values');
    const first = exact[0] ?? NaN;
    exact.forEach((value, i) => {
      expect(Math.abs((decomposed.values[i] ?? 0) - value)).toBeLessThan(1e-6 * first);
    });
    expect(decomposed.frobenius / numberAt(theirs, 'frobenius')).toBeCloseTo(1, 8);
    expect(relation.overlap).toBeCloseTo(numberAt(theirs, 'overlap'), 4);
    expect(relation.fresh).toBeCloseTo(numberAt(theirs, 'fresh'), 4);
    numbersAt(theirs, 'overlaps').forEach((share, k) => expect(relation.overlaps[k]).toBeCloseTo(share, 4));
  });
});

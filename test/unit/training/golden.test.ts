import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignSigns } from '../../parity/align';
import { train } from '../../parity/cli';
import { isRecord, numberAt, parseRecord, stringAt } from '../../parity/decode';
import { inspectFirstStep } from '../../parity/engine';
import { decodeHistory, worstRelative } from '../../parity/history';
import { readTensors, relativeDistance } from '../../parity/tensors';
import { readTriples } from '../../../src/trainer/training/bases';
import { cachedEntry } from '../../../src/weights/cache';
import { principalCosines, transposed } from '../engine/spectra/matrices';

const golden = join(import.meta.dirname, '..', '..', 'fixtures', 'parity');
const methods = ['lora', 'pissa', 'lamda', 'lamda-gradient', 'full'] as const;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eigenloom-golden-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const experiment = (method: string): string => join(golden, `${method}.tune.yaml`);

/** What PyTorch, Transformers and PEFT made of the same experiments: see make_golden.py. */
describe('the golden runs', () => {
  it('are the files that their generator wrote', async () => {
    const manifest = parseRecord(await readFile(join(golden, 'manifest.json'), 'utf8'));
    const files = manifest['files'];
    if (!isRecord(files)) throw new Error('the manifest lists no files');
    for (const [name, hash] of Object.entries(files)) {
      const bytes = await readFile(join(golden, ...name.split('/')));
      expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(hash);
    }
    expect(Object.keys(files)).toContain('model/model.safetensors');
  });

  it.each(methods)('are followed by the trainer, step by step: %s', async (method) => {
    const theirs = decodeHistory(parseRecord(await readFile(join(golden, method, 'history.json'), 'utf8')));
    const { history: ours } = await train(experiment(method), join(folder, 'runs'), join(folder, 'cache'));

    expect(ours.tokens).toEqual(theirs.tokens);
    expect(ours.trainable).toEqual(theirs.trainable);
    expect(worstRelative(ours.learningRates, theirs.learningRates)).toBeLessThan(1e-6);
    expect(worstRelative(ours.losses, theirs.losses)).toBeLessThan(1e-3);
    expect(worstRelative(ours.gradNorms.slice(0, 5), theirs.gradNorms.slice(0, 5))).toBeLessThan(1e-3);
    const steps = [...theirs.evaluations.keys()];
    const evaluated = (from: ReadonlyMap<number, number>): number[] =>
      steps.map((step) => from.get(step) ?? NaN);
    expect(worstRelative(evaluated(ours.evaluations), evaluated(theirs.evaluations))).toBeLessThan(1e-3);
  });

  it.each(methods)('begin with the engine’s own gradients: %s', async (method) => {
    const ours = await inspectFirstStep(experiment(method), join(folder, 'cache'));
    const gradients = await readTensors(join(golden, method, 'gradients.safetensors'));
    const spectral = method === 'pissa' || method.startsWith('lamda');
    const initial = spectral ? await readTensors(join(golden, method, 'initial.safetensors')) : new Map();
    const aligned = alignSigns(ours, initial);
    // PyTorch decomposes the gradient itself, the trainer a sketch of it.
    const bound = method === 'lamda-gradient' ? 1e-2 : 1e-3;
    expect([...aligned.gradients.keys()].sort()).toEqual([...gradients.keys()].sort());
    for (const [name, tensor] of gradients) {
      const mine = aligned.gradients.get(name) ?? new Float32Array();
      expect(relativeDistance(mine, tensor.data), name).toBeLessThan(bound);
    }
  });

  it('start from the singular vectors that PyTorch finds in the gradient', async () => {
    const cache = join(folder, 'cache');
    const run = await train(experiment('lamda-gradient'), join(folder, 'runs'), cache);
    const reference = await readTensors(join(golden, 'lamda-gradient', 'spectrum.safetensors'));
    const { decompositions } = parseRecord(await readFile(join(run.folder, 'spectra.json'), 'utf8'));
    if (!Array.isArray(decompositions)) throw new Error('the run decomposed nothing');
    expect(decompositions).toHaveLength(reference.size / 3);
    for (const entry of decompositions.map(asRecord)) {
      const [module, bound] = [stringAt(entry, 'module'), numberAt(entry, 'error_bound')];
      const file = (await cachedEntry('gradient-2', stringAt(entry, 'key'), cache)) ?? '';
      const theirs = (part: string): Float32Array =>
        reference.get(`${module}.${part}`)?.data ?? new Float32Array();
      const sigma = theirs('sigma');
      const rank = sigma.length;
      const shape = [theirs('u').length / rank, theirs('vt').length / rank] as const;
      const ours = await readTriples({ record: { shape, rank }, file }, rank);
      const allowed = bound + 1e-4 * (sigma[0] ?? NaN);
      for (const [i, value] of ours.sigma.entries()) {
        expect(Math.abs(value - (sigma[i] ?? NaN)), `${module}, value ${i}`).toBeLessThan(allowed);
      }
      const columns = (vt: Float32Array): Float32Array => transposed(vt, rank, vt.length / rank);
      expect(Math.min(...principalCosines(ours.u, theirs('u'), rank)), `${module} left`).toBeGreaterThan(
        0.999,
      );
      expect(
        Math.min(...principalCosines(columns(ours.vt), columns(theirs('vt')), rank)),
        `${module} right`,
      ).toBeGreaterThan(0.999);
    }
  });
});

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error('an entry is no object');
  return value;
}

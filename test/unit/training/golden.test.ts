import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignSigns } from '../../parity/align';
import { train } from '../../parity/cli';
import { isRecord, parseRecord } from '../../parity/decode';
import { inspectFirstStep } from '../../parity/engine';
import { decodeHistory, worstRelative } from '../../parity/history';
import { readTensors, relativeDistance } from '../../parity/tensors';

const golden = join(import.meta.dirname, '..', '..', 'fixtures', 'parity');
const methods = ['lora', 'pissa', 'lamda', 'full'] as const;
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
    const spectral = method === 'pissa' || method === 'lamda';
    const initial = spectral ? await readTensors(join(golden, method, 'initial.safetensors')) : new Map();
    const aligned = alignSigns(ours, initial);
    expect([...aligned.gradients.keys()].sort()).toEqual([...gradients.keys()].sort());
    for (const [name, tensor] of gradients) {
      const mine = aligned.gradients.get(name) ?? new Float32Array();
      expect(relativeDistance(mine, tensor.data), name).toBeLessThan(1e-3);
    }
  });
});

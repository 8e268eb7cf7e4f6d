import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Check } from 'typebox/schema';
import { inspectorApi } from '../../../../src/protocol/inspector';
import { Devices } from '../../../../src/trainer/inspect/devices';
import { Estimates } from '../../../../src/trainer/inspect/estimate';
import { OpenedModels } from '../../../../src/trainer/inspect/openedModels';
import { preflight } from '../../../../src/trainer/inspect/preflight';
import { inTemporaryFolder, tinyPairs, writeJsonLines, writeModelFolder } from '../../../support/modelFolder';

const EXPERIMENT = `model: model
data:
  train: rows.jsonl
  prompt: "{question} "
  completion: "{answer}"
  max_length: 120
adapter: { rank: 4 }
training: { max_steps: 3, batch_size: 64 }
memory: { recompute: none }
device: cpu
`;

interface Bench {
  readonly folder: string;
  readonly file: string;
  /** The estimate of a text on a machine with so many bytes free. */
  readonly estimate: (text: string, free?: number, device?: string) => ReturnType<Estimates['estimate']>;
  readonly devices: Devices;
  readonly models: OpenedModels;
}

async function onBench<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    vi.stubEnv('EIGENLOOM_CACHE', path.join(folder, 'cache'));
    await writeModelFolder(path.join(folder, 'model'));
    await writeJsonLines(path.join(folder, 'rows.jsonl'), tinyPairs(200));
    const file = path.join(folder, 'a.tune.yaml');
    const [models, devices] = [new OpenedModels(), new Devices()];
    const estimate: Bench['estimate'] = (text, free = 1e12, device = '') =>
      new Estimates({ models, devices, free: () => free }).estimate(file, text, device);
    return use({ folder, file, estimate, devices, models });
  });
}

describe('the estimate of a run', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is what the run itself would plan, of a text that is not saved', async () => {
    await onBench(async ({ file, estimate, models, devices }) => {
      const found = await estimate(EXPERIMENT);
      expect(Check(inspectorApi.estimate.result, found)).toBe(true);
      expect(found).toMatchObject({ device: 'cpu', available_mb: 1e6, ways: [] });
      await writeFile(file, EXPERIMENT);
      const whole = await preflight(file, [], { models, devices });
      expect(found.predicted_mb).toBe(whole.predicted_mb);
    });
  });

  it('grows with the batch, and takes a device that is known for the one of auto', async () => {
    await onBench(async ({ estimate }) => {
      const small = await estimate(EXPERIMENT.replace('64', '4'));
      const large = await estimate(EXPERIMENT);
      expect(large.predicted_mb).toBeGreaterThan(small.predicted_mb);
      const auto = await estimate(EXPERIMENT.replace('device: cpu', 'device: auto'), 1e12, 'webgpu');
      expect(auto.device).toBe('webgpu');
    });
  });

  it('finds what makes it fit: recomputation, or smaller batches for the same steps', async () => {
    await onBench(async ({ estimate }) => {
      const { predicted_mb: whole } = await estimate(EXPERIMENT);
      const { predicted_mb: layers } = await estimate(EXPERIMENT.replace('none', 'layers'));
      const halves = await Promise.all(
        [32, 16, 8, 4, 2, 1].map(async (size) => ({
          size,
          mb: (await estimate(EXPERIMENT.replace('64', String(size)))).predicted_mb,
        })),
      );
      const room = 1e6 * (layers + 1);
      const { ways } = await estimate(EXPERIMENT, room);
      expect(layers).toBeLessThan(whole);
      const [first, second] = ways;
      expect(first?.recompute).toMatch(/^(?:cheap|layers)$/u);
      expect(first?.batch_size).toBeUndefined();
      const largest = halves.find(({ mb }) => mb <= layers + 1);
      expect(second).toEqual({
        batch_size: largest?.size,
        gradient_accumulation: 64 / (largest?.size ?? NaN),
        predicted_mb: largest?.mb,
      });
    });
  });

  it('takes both together where neither is enough, and says so where nothing is', async () => {
    await onBench(async ({ estimate }) => {
      const least = async (text: string) => (await estimate(text)).predicted_mb;
      // A hundred and fifty rows can be halved once.
      const odd = EXPERIMENT.replace('64', '150');
      const [batch, layers, both] = [
        await least(odd.replace('150', '75')),
        await least(odd.replace('none', 'layers')),
        await least(odd.replace('150', '75').replace('none', 'layers')),
      ];
      expect(both).toBeLessThan(Math.min(batch, layers));
      const { ways } = await estimate(odd, 1e6 * (both + 0.5));
      expect(ways).toEqual([
        { recompute: 'layers', batch_size: 75, gradient_accumulation: 2, predicted_mb: both },
      ]);
      expect((await estimate(odd, 1e6 * (both - 1))).ways).toEqual([]);
    });
  });

  it('rejects what cannot be planned, with the reason', async () => {
    await onBench(async ({ estimate }) => {
      await expect(estimate(EXPERIMENT.replace('rank: 4', 'rank: 400'))).rejects.toThrow(/rank is larger/u);
      await expect(estimate(EXPERIMENT.replace('rows.jsonl', 'row.jsonl'))).rejects.toThrow(/no such file/u);
      await expect(estimate('model: [')).rejects.toThrow();
    });
  });

  it('holds rows out whatever share they are', async () => {
    await onBench(async ({ estimate }) => {
      const text = EXPERIMENT.replace('  max_length', '  eval_fraction: 0.000001\n  max_length');
      const { predicted_mb: mb } = await estimate(text);
      expect(mb).toBeGreaterThan((await estimate(EXPERIMENT)).predicted_mb);
    });
  });
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRecord } from '../../../src/base/guards';
import { writeJsonLines, writeModelFolder } from '../../support/modelFolder';
import { metricsOf, recordOf } from '../support/cli';
import { RealBench } from './support/realBench';

const bench = new RealBench();
afterAll(() => bench.close());

/** The largest `rss_mb` that a run's metrics tell of. */
function peakOf(folder: string): number {
  const lines: unknown[] = metricsOf(folder)
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  return Math.max(...lines.map((line) => (isRecord(line) ? Number(line['rss_mb'] ?? 0) : 0)));
}

/** What the run's record predicts. */
function predictionOf(folder: string): number {
  const { facts } = recordOf(folder);
  if (!isRecord(facts) || !isRecord(facts['memory'])) throw new TypeError('the run has no prediction');
  return Number(facts['memory']['predicted_mb']);
}

// Other systems count resident pages in ways of their own.
describe.runIf(process.platform === 'linux')('the memory that a run is predicted to take', () => {
  beforeAll(async () => {
    await bench.open();
    const config = { max_position_embeddings: 512, num_hidden_layers: 4 };
    await writeModelFolder(join(bench.folder, 'long'), { config });
    const text = 'a long row of letters that goes on and on '.repeat(20);
    await writeJsonLines(join(bench.folder, 'long.jsonl'), new Array<object>(32).fill({ text }));
  });

  it.each([
    { name: 'lora-none', method: 'lora', recompute: 'none', evaluated: false },
    { name: 'pissa-layers', method: 'pissa', recompute: 'layers', evaluated: false },
    { name: 'lamda-cheap-evaluated', method: 'lamda', recompute: 'cheap', evaluated: true },
    { name: 'lamda-gradient-none', method: 'lamda', basis: 'gradient', recompute: 'none', evaluated: false },
    {
      name: 'lamda-gradient-layers',
      method: 'lamda',
      basis: 'gradient',
      recompute: 'layers',
      evaluated: false,
    },
    { name: 'full-none', method: 'full', recompute: 'none', evaluated: false },
  ])(
    'is what it takes: $name',
    async ({ name, method, basis, recompute, evaluated }) => {
      const file = bench.tune(name, {
        model: 'long',
        data: {
          train: 'long.jsonl',
          eval: evaluated ? 'long.jsonl' : undefined,
          prompt: undefined,
          completion: undefined,
          text: '{text}',
          max_length: 384,
        },
        adapter: {
          method,
          ...(method === 'full' ? {} : { rank: 8 }),
          ...(basis === undefined ? {} : { basis }),
        },
        training: { max_steps: 3, batch_size: 16 },
        memory: { recompute },
        // Between the steps, whose lines tell of the peak so far.
        ...(evaluated ? { evaluation: { every: 1 } } : {}),
      });
      const { code, stderr } = await bench.run('run', file, '--json');
      expect([code, stderr]).toEqual([0, '']);
      const folder = bench.runOf(name);
      const predicted = predictionOf(folder);
      expect(predicted).toBeGreaterThan(200);
      expect(peakOf(folder) / predicted).toBeGreaterThan(0.85);
      expect(peakOf(folder) / predicted).toBeLessThan(1.1);
    },
    180_000,
  );
});

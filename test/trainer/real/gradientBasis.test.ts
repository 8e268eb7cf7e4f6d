import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRecord } from '../../../src/base/guards';
import { curveOf, RealBench } from './support/realBench';

const bench = new RealBench();
beforeAll(() => bench.open());
afterAll(() => bench.close());

/** The loss that `eigenloom eval` prints for a run or an experiment file, on the rows the runs here are evaluated on. */
async function evaluated(target: string): Promise<number> {
  const rows = join(bench.folder, 'eval.jsonl');
  const { code, stdout, stderr } = await bench.run('eval', target, '--data', rows);
  expect(code, stderr).toBe(0);
  const result: unknown = JSON.parse(stdout);
  if (!isRecord(result) || typeof result['loss'] !== 'number') throw new Error(`no loss in ${stdout}`);
  return result['loss'];
}

function lastLoss(folder: string): number {
  const last = curveOf(folder).findLast((line) => isRecord(line) && line['split'] === 'eval');
  return isRecord(last) ? Number(last['loss']) : NaN;
}

it('what a LaMDA on the basis of the gradient has learnt is evaluated, exported and spoken the same', async () => {
  const sections = {
    adapter: { method: 'lamda', rank: 6, basis: 'gradient' },
    training: { max_steps: 12, learning_rate: 0.02 },
    checkpoint: { every: 12 },
  };
  const { code, stderr } = await bench.run('run', bench.tune('gradient', sections), '--json');
  expect([code, stderr]).toEqual([0, '']);
  const folder = bench.runOf('gradient');
  const loss = lastLoss(folder);
  const start = await evaluated(bench.tune('untrained'));
  expect(loss).toBeLessThan(start - 0.05);
  expect(await evaluated(folder)).toBeCloseTo(loss, 5);

  const merged = join(bench.folder, 'merged');
  const made = await bench.run('export', folder, '--format', 'merged', '--out', merged);
  expect(made.code, made.stderr).toBe(0);
  expect(await evaluated(bench.tune('exported', { model: merged }))).toBeCloseTo(loss, 4);

  const words = ['--prompt', 'Question: What is the time 1?\nAnswer: ', '--max-new-tokens', '8'];
  const [ours, theirs] = [
    await bench.run('generate', folder, ...words),
    await bench.run('generate', merged, ...words),
  ];
  expect([ours.code, theirs.code]).toEqual([0, 0]);
  expect(ours.stdout).toBe(theirs.stdout);

  // Without the result the last checkpoint is read, factor by factor.
  rmSync(join(folder, 'adapter'), { recursive: true });
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['step-12']);
  expect(await evaluated(folder)).toBeCloseTo(loss, 5);
}, 300_000);

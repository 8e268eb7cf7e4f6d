import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRecord } from '../../../src/base/guards';
import { decodeChange } from '../../../src/protocol/run/changes';
import { changesOf, RealBench } from './support/realBench';

const bench = new RealBench();
beforeAll(() => bench.open());
afterAll(() => bench.close());

const RANKS = { candidates: [2, 4, 8], pinned: { k_proj: 3 } };

/** The rank of each module by its path, of a list in a file or a plan. */
function ranksIn(value: unknown): Record<string, unknown> {
  if (!isRecord(value) || !Array.isArray(value['modules'])) throw new Error('there are no modules');
  const modules: readonly unknown[] = value['modules'];
  return Object.fromEntries(
    modules.map((entry) => {
      if (!isRecord(entry)) throw new Error('a module is no object');
      expect(entry['energy']).toBeGreaterThan(0);
      expect(entry['energy']).toBeLessThanOrEqual(1);
      return [String(entry['module']), entry['rank']];
    }),
  );
}

it('a LaMDA++ trains with the ranks of its plan, and goes on and is exported with them', async () => {
  const adapter = { method: 'lamda++', rank: 5, ranks: RANKS };
  const training = { max_steps: 12, learning_rate: 0.02 };
  const file = bench.tune('ranks', { adapter, training, checkpoint: { every: 4 } });
  const planned = await bench.run('plan', file, '--json');
  expect(planned.code, planned.stderr).toBe(0);
  const plan: unknown = JSON.parse(planned.stdout);
  expect(plan).toMatchObject({ device: 'cpu', step_seconds: null, steps: 12 });

  const { code, stderr } = await bench.run('run', file, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const folder = bench.runOf('ranks');
  const ranks = ranksIn(JSON.parse(readFileSync(join(folder, 'ranks.json'), 'utf8')));
  expect(ranks).toEqual(ranksIn(plan));
  expect(new Set(Object.values(ranks)).size).toBeGreaterThan(2);
  expect(ranks['model.layers.0.self_attn.k_proj']).toBe(3);

  const config: unknown = JSON.parse(readFileSync(join(folder, 'adapter', 'adapter_config.json'), 'utf8'));
  if (!isRecord(config) || !isRecord(config['rank_pattern'])) throw new Error('there is no rank pattern');
  const pattern = config['rank_pattern'];
  for (const [path, rank] of Object.entries(ranks)) expect(pattern[path] ?? config['r'], path).toBe(rank);

  const rows = join(bench.folder, 'eval.jsonl');
  const whole = await bench.run('eval', folder, '--data', rows);
  expect(whole.code, whole.stderr).toBe(0);

  // What it took is what the next plan goes by.
  const again = await bench.run('plan', file, '--json', '--compare');
  const compared: unknown = JSON.parse(again.stdout);
  if (!isRecord(compared) || !Array.isArray(compared['allocations'])) throw new Error(again.stderr);
  expect(compared['step_seconds']).toBeGreaterThan(0);
  expect(compared['allocations'].map((one: unknown) => (isRecord(one) ? one['name'] : ''))).toEqual([
    'equal-energy',
    'energy-bins',
    'uniform, same mean rank',
    'uniform, same parameters',
  ]);
  const words = await bench.run('plan', file);
  expect(words.stdout).toMatch(/^layer +q_proj +k_proj/mu);
  expect(words.stdout).toMatch(/3\*/u);
}, 300_000);

it('ranks chosen by the gradient are those of its energy', async () => {
  const adapter = { method: 'lamda++', rank: 4, ranks: { ...RANKS, spectrum: 'gradient' } };
  const { code, stderr } = await bench.run('run', bench.tune('by-gradient', { adapter }), '--json');
  expect([code, stderr]).toEqual([0, '']);
  const ranks = ranksIn(JSON.parse(readFileSync(join(bench.runOf('by-gradient'), 'ranks.json'), 'utf8')));
  const total = Object.values(ranks).reduce<number>((sum, rank) => sum + Number(rank), 0);
  expect(total).toBeLessThanOrEqual(4 * Object.keys(ranks).length);
}, 300_000);

it('the spectra of a model are printed exact and fast, and agree within their bounds', async () => {
  const model = join(bench.folder, 'model');
  const read = async (...words: string[]): Promise<Record<string, unknown>[]> => {
    const { code, stdout, stderr } = await bench.run('spectra', model, '--json', ...words);
    expect(code, stderr).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
      .filter(isRecord);
  };
  const exact = await read();
  const fast = await read('--fast', '--top', '2');
  expect(fast.map(({ module }) => module)).toEqual(exact.map(({ module }) => module));
  for (const [i, { values, frobenius, error_bound: bound }] of exact.entries()) {
    const all = values as number[];
    expect(Math.hypot(...all)).toBeCloseTo(Number(frobenius), 4);
    const top = fast[i]?.['values'] as number[];
    expect(top).toHaveLength(2);
    const allowed = Number(bound) + Number(fast[i]?.['error_bound']);
    for (const [k, value] of top.entries())
      expect(Math.abs(value - (all[k] ?? NaN))).toBeLessThanOrEqual(allowed);
  }
  const one = await bench.run('spectra', model, '--modules', 'layers.0.*q_proj');
  expect(one.stdout.trimEnd().split('\n')).toHaveLength(2);
  const none = await bench.run('spectra', model, '--modules', 'q_prj');
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('Did you mean q_proj')]);
}, 300_000);

/** What `spectra --json` prints. */
async function printed(...words: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await bench.run('spectra', ...words, '--json');
  expect(code, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
    .filter(isRecord);
}

it.each(['lora', 'pissa', 'lamda'])(
  'the change of a %s run is printed as it was recorded, and is the difference of the merged model',
  async (method) => {
    const sections = { adapter: { method, rank: 3 }, training: { max_steps: 8, learning_rate: 0.02 } };
    const { code, stderr } = await bench.run('run', bench.tune(`${method}-change`, sections), '--json');
    expect([code, stderr]).toEqual([0, '']);
    const run = bench.runOf(`${method}-change`);
    const recorded = decodeChange((changesOf(run) ?? '').trimEnd().split('\n').at(-1) ?? '');
    const merged = join(bench.folder, `${method}-merged`);
    expect((await bench.run('export', run, '--format', 'merged', '--out', merged)).code).toBe(0);

    const changes = await printed(run);
    const differences = await printed(merged, '--base', join(bench.folder, 'model'));
    expect(changes.map(({ module }) => module)).toEqual(recorded?.modules.map(({ module }) => module));
    expect(differences.map(({ module }) => module)).toEqual(changes.map(({ module }) => module));
    for (const [i, line] of changes.entries()) {
      expect(line).toMatchObject({ of: 'change', step: 8 });
      const [values, other] = [line['values'] as number[], differences[i]?.['values'] as number[]];
      const first = values[0] ?? NaN;
      expect(first).toBeGreaterThan(0);
      values.forEach((value, k) => {
        expect(Math.abs(value - (recorded?.modules[i]?.values[k] ?? NaN))).toBeLessThan(1e-5 * first);
        // The merged weights are rounded to f32.
        expect(Math.abs(value - (other[k] ?? NaN))).toBeLessThan(1e-4 * first);
      });
      expect(differences[i]).toMatchObject({ of: 'change' });
      if (method === 'lora') continue;
      expect(Math.abs(Number(line['overlap']) - (recorded?.modules[i]?.overlap ?? NaN))).toBeLessThan(1e-4);
      expect(Math.abs(Number(line['fresh']) - (recorded?.modules[i]?.fresh ?? NaN))).toBeLessThan(1e-4);
    }
    const words = await bench.run('spectra', run, '--modules', 'layers.0.*q_proj');
    expect(words.stdout).toMatch(/overlap +new\n/u);
    expect(words.stdout.trimEnd().split('\n')).toHaveLength(2);
    const refused = await bench.run('spectra', run, '--base', join(bench.folder, 'model'));
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Leave --base out')]);
  },
  300_000,
);

it('the change of full fine-tuning is the difference of its result', async () => {
  const sections = { adapter: { method: 'full' }, training: { max_steps: 4, learning_rate: 0.01 } };
  const { code, stderr } = await bench.run('run', bench.tune('full-change', sections), '--json');
  expect([code, stderr]).toEqual([0, '']);
  const run = bench.runOf('full-change');
  expect(changesOf(run)).toBeUndefined();
  const changes = await printed(run);
  expect(changes).toHaveLength(14);
  for (const line of changes) {
    expect(line).toMatchObject({ of: 'change', step: 4, exact: true });
    expect(Number(line['frobenius'])).toBeGreaterThan(0);
    expect(Number(line['fresh'])).toBeGreaterThan(0);
  }
}, 300_000);

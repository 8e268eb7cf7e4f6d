import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomStream } from '../../../src/base/random';
import { decodeChange } from '../../../src/protocol/run/changes';
import { metricsOf, recordOf, trainerOf, until, type Running } from '../support/cli';
import { changesOf, curveOf, leftovers, RealBench, resultOf, type Sections } from './support/realBench';

const bench = new RealBench();
beforeAll(() => bench.open());
afterAll(() => bench.close());

/** Kills a process; false where it had ended. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

const calm = new Map<string, Promise<string>>();

/** The experiment run from beginning to end, once: what an interrupted run must come to. Returns its folder. */
function undisturbed(name: string, sections: Sections): Promise<string> {
  const run = async (): Promise<string> => {
    const { code, stderr } = await bench.run('run', bench.tune(`${name}-calm`, sections), '--json');
    expect([code, stderr]).toEqual([0, '']);
    return bench.runOf(`${name}-calm`);
  };
  const made = calm.get(name) ?? run();
  calm.set(name, made);
  return made;
}

/** When to kill: while it starts, once it has done a step, or while it saves a checkpoint. */
type Moment = { readonly kind: 'start' | 'step' | 'save'; readonly step: number; readonly delay: number };

/** As many moments as asked for, spread over the run. */
function moments(count: number, steps: number, seed: number): Moment[] {
  const random = new RandomStream(seed, 'kills');
  return Array.from({ length: count }, (_, i) => {
    const kind = (['start', 'step', 'step', 'save'] as const)[random.below(4)] ?? 'step';
    const step = Math.floor(((i + random.uniform()) * (steps - 2)) / count) + 1;
    return { kind, step, delay: random.below(kind === 'start' ? 400 : 20) };
  });
}

function stepsOf(folder: string): number {
  return Number(/.*"step":(\d+)/su.exec(metricsOf(folder))?.[1] ?? 0);
}

function saving(folder: string): boolean {
  const checkpoints = join(folder, 'checkpoints');
  return existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.startsWith('.'));
}

/** Waits for the moment, and kills the trainer of a run; false where the run had ended before. */
async function killAt(moment: Moment, folder: string, running: Running, last: number | undefined) {
  let over = false;
  void running.outcome.then(() => (over = true));
  const trainer = await until(() => (over ? 0 : undefined) ?? startedBy(folder, last));
  if (moment.kind !== 'start') {
    await until(() => over || stepsOf(folder) >= moment.step);
    if (moment.kind === 'save') await until(() => over || saving(folder));
  }
  await sleep(moment.delay);
  return { trainer, killed: trainer > 0 && kill(trainer) };
}

function startedBy(folder: string, last: number | undefined): number | undefined {
  const { status, process: trainer } = recordOf(folder);
  if (status !== 'running' || typeof trainer !== 'object' || trainer === null) return undefined;
  const pid = 'pid' in trainer ? Number(trainer.pid) : undefined;
  return pid === last ? undefined : pid;
}

/** Runs an experiment through kills and resumes to its end, looking at its files after each; returns its folder. */
async function killedAndResumed(
  name: string,
  sections: Sections,
  planned: readonly Moment[],
  expected: string,
): Promise<string> {
  const whole = curveOf(expected);
  let running = bench.start('run', bench.tune(name, sections), '--json');
  const folder = await bench.appears(name);
  let last: number | undefined;
  for (const [i, moment] of planned.entries()) {
    const { trainer, killed } = await killAt(moment, folder, running, last);
    last = trainer;
    const { code, stderr } = await running.outcome;
    expect([i, killed, code]).toEqual([i, true, 1]);
    expect(stderr).toContain(`eigenloom resume ${basename(folder)}`);
    const now = curveOf(folder);
    expect(now).toEqual(whole.slice(0, now.length));
    expect(changesOf(expected)?.startsWith(changesOf(folder) ?? '') ?? true).toBe(true);
    running = bench.start('resume', basename(folder), '--json');
  }
  const { code, stderr } = await running.outcome;
  expect([code, stderr]).toEqual([0, '']);
  return folder;
}

function expectSame(folder: string, expected: string): void {
  expect(curveOf(folder)).toEqual(curveOf(expected));
  expect(metricsOf(folder).endsWith('}\n')).toBe(true);
  expect(resultOf(folder)).toEqual(resultOf(expected));
  expect(changesOf(folder)).toBe(changesOf(expected));
  expect(leftovers(folder)).toEqual([]);
  const [facts, wanted] = [recordOf(folder), recordOf(expected)].map(({ facts: all }) => {
    const { phases, hashes, updates_per_step, trainable, data } = all as Record<string, unknown>;
    const names = (phases as Record<string, unknown>[]).map(({ name, from_step, trainable: numbers }) => ({
      name,
      from_step,
      numbers,
    }));
    return {
      names,
      data: (hashes as Record<string, unknown>)['data'],
      updates_per_step,
      trainable,
      facts: data,
    };
  });
  expect(facts).toEqual(wanted);
}

const LAMDA: Sections = {
  adapter: { method: 'lamda', rank: 6, freeze: { fraction: 0.6 } },
  training: { max_steps: 60, gradient_accumulation: 3, warmup_steps: 4, weight_decay: 0.01 },
  evaluation: { every: 9 },
  checkpoint: { every: 4 },
};

it('a LaMDA run killed twenty times through its phases ends with the same bits', async () => {
  const expected = await undisturbed('lamda', LAMDA);
  const trainable = curveOf(expected).map((line) => (line as { trainable?: number }).trainable);
  expect(new Set(trainable).size).toBeGreaterThan(5);
  // A line an evaluation: at the start, seven times between, and at the end.
  const changes = (changesOf(expected) ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => decodeChange(line));
  expect(changes.map((line) => line?.step)).toEqual([0, 9, 18, 27, 36, 45, 54, 60]);
  const live = changes.map((line) => line?.modules[0]?.live);
  expect(live).toEqual([6, 5, 3, 2, 0, 0, 0, 0]);
  const folder = await killedAndResumed('lamda-killed', LAMDA, moments(20, 60, 11), expected);
  expectSame(folder, expected);
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['step-56', 'step-60']);
  expect(recordOf(folder)['resumed_from']).toHaveLength(20);
}, 600_000);

it.each([
  ['lora', { method: 'lora', rank: 4, dropout: 0.1 }],
  ['pissa', { method: 'pissa', rank: 4 }],
  ['lamda-gradient', { method: 'lamda', rank: 4, basis: 'gradient' }],
  ['full', { method: 'full' }],
])(
  'a %s run killed once ends with the same bits',
  async (name, adapter) => {
    const sections: Sections = {
      adapter,
      training: { max_steps: 16, gradient_accumulation: 2 },
      checkpoint: { every: 5 },
    };
    const expected = await undisturbed(name, sections);
    const folder = await killedAndResumed(
      `${name}-killed`,
      sections,
      [{ kind: 'step', step: 8, delay: 0 }],
      expected,
    );
    expectSame(folder, expected);
  },
  300_000,
);

it('a checkpoint at the border of two phases is the beginning of the second', async () => {
  // 36 steps thaw: the checkpoint of step 36 has what the first phase trained.
  const sections = { ...LAMDA, checkpoint: { every: 36 } };
  const expected = await undisturbed('lamda', LAMDA);
  const moment: Moment = { kind: 'step', step: 38, delay: 0 };
  const folder = await killedAndResumed('border-killed', sections, [moment], expected);
  expect(recordOf(folder)['resumed_from']).toEqual([36]);
  expectSame(folder, expected);
}, 300_000);

it.each(['SIGTERM', 'stop file'])(
  'a run stopped by %s saves a checkpoint, and goes on the same',
  async (how) => {
    const sections: Sections = { ...LAMDA, checkpoint: { every: 1000 } };
    const name = how.replace(' ', '-').toLowerCase();
    const expected = await undisturbed(name, sections);
    const running = bench.start('run', bench.tune(`${name}-stopped`, sections), '--json');
    const folder = await bench.appears(`${name}-stopped`);
    const trainer = await trainerOf(folder);
    await until(() => stepsOf(folder) >= 20);
    if (how === 'SIGTERM') process.kill(trainer, 'SIGTERM');
    else writeFileSync(join(folder, 'stop'), '');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(130);
    expect(stdout).toContain('"status":"stopped"');
    const stopped = stepsOf(folder);
    expect(stopped).toBeLessThan(60);
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([`step-${stopped}`]);
    expect(recordOf(folder)['status']).toBe('stopped');
    expect((await bench.run('resume', basename(folder))).code).toBe(0);
    expect(recordOf(folder)['resumed_from']).toEqual([stopped]);
    expectSame(folder, expected);
  },
  300_000,
);

it('a run stopped before its first step begins anew, and evaluates the start once', async () => {
  const expected = await undisturbed('lamda', LAMDA);
  const running = bench.start('run', bench.tune('early-stopped', LAMDA), '--json');
  const folder = await bench.appears('early-stopped');
  process.kill(await trainerOf(folder), 'SIGTERM');
  const { code, stdout } = await running.outcome;
  expect(stdout).toContain('"status":"stopped"');
  expect(code).toBe(130);
  expect((await bench.run('resume', basename(folder))).code).toBe(0);
  expectSame(folder, expected);
}, 300_000);

it('a run whose data has changed does not go on', async () => {
  const rows = join(bench.folder, 'own.jsonl');
  const original = readFileSync(join(bench.folder, 'train.jsonl'));
  writeFileSync(rows, original);
  const sections: Sections = { ...LAMDA, data: { train: 'own.jsonl' } };
  const running = bench.start('run', bench.tune('changed', sections), '--json');
  const folder = await bench.appears('changed');
  const trainer = await trainerOf(folder);
  await until(() => stepsOf(folder) >= 6);
  kill(trainer);
  await running.outcome;
  const before = metricsOf(folder);
  writeFileSync(rows, original.subarray(0, original.indexOf(10) + 1));
  const { code, stderr } = await bench.run('resume', basename(folder));
  expect(code).toBe(2);
  expect(stderr).toContain("key 'data': the data changed since the run began. Put back what was there");
  expect(before.startsWith(metricsOf(folder))).toBe(true);
  writeFileSync(rows, original);
  expect((await bench.run('resume', basename(folder))).code).toBe(0);
  expectSame(folder, await undisturbed('lamda', LAMDA));
}, 300_000);

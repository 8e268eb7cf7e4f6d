import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRecord } from '../../src/base/guards';
import { Bench, hold, metricsOf, recordOf, trainerOf, until } from './support/cli';

const bench = new Bench();
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

/** The last object that `--json` printed. */
function lastOf(stdout: string): { status: string; step: number } {
  const value: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  if (!isRecord(value) || typeof value.status !== 'string' || typeof value.step !== 'number') {
    throw new TypeError(`no last line: ${stdout}`);
  }
  return { status: value.status, step: value.step };
}

/** The metrics of that many steps when nothing disturbs them. */
async function undisturbed(steps: number): Promise<string> {
  const name = `calm-${steps}`;
  const { code } = await bench.run('run', bench.experiment(name, steps), '--json');
  expect(code).toBe(0);
  return metricsOf(bench.found(name)[0] ?? '');
}

it('a run killed at random moments, and resumed each time, ends as if it had not been', async () => {
  const steps = 200;
  const expected = await undisturbed(steps);
  const kills = 5;
  let killed = 0;
  let last: number | undefined;
  let running = bench.start('run', bench.experiment('killed', steps), '--json');
  const folder = await bench.appears('killed');
  for (let attempt = 0; ; attempt++) {
    if (killed < kills) {
      const started = await Promise.race([trainerOf(folder, last), running.outcome.then(() => undefined)]);
      if (started !== undefined) {
        // Any moment will do: while it starts, in a step, in a checkpoint.
        await sleep(Math.random() * 120);
        if (kill(started)) killed++;
        last = started;
      }
    }
    const { code, stdout, stderr } = await running.outcome;
    const text = metricsOf(folder);
    // Not a torn and not a doubled line, at any time.
    expect(expected.startsWith(text)).toBe(true);
    if (code === 0) {
      expect(lastOf(stdout).status).toBe('done');
      break;
    }
    expect(code).toBe(1);
    expect(stderr).toContain('eigenloom resume');
    if (attempt === 0) {
      expect((await bench.run('runs', '--json')).stdout).toContain('"status":"interrupted"');
    }
    expect(attempt).toBeLessThan(50);
    running = bench.start('resume', basename(folder), '--json');
  }
  expect(killed).toBeGreaterThan(2);
  expect(metricsOf(folder)).toBe(expected);
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['step-190', 'step-200']);
  expect(readdirSync(folder).filter((name) => name.startsWith('.') || name.startsWith('lock'))).toEqual([]);
});

it('a trainer outlives the command line that started it', async () => {
  const running = bench.start('run', bench.experiment('orphan', 30));
  const folder = await bench.appears('orphan');
  const { release } = hold(folder);
  await trainerOf(folder);
  running.child.kill('SIGKILL');
  await running.outcome;
  expect(recordOf(folder).status).toBe('running');
  release();
  await until(() => recordOf(folder).status === 'done');
  expect(metricsOf(folder).trimEnd().split('\n')).toHaveLength(34);
});

it('Ctrl-C saves a checkpoint and says how to go on; the resumed run is the same', async () => {
  const expected = await undisturbed(35);
  const running = bench.start('run', bench.experiment('stopped', 35), '--json');
  const folder = await bench.appears('stopped');
  const { release } = hold(folder);
  await until(() => metricsOf(folder).includes('"step":12'));
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.outcome;
  expect(code).toBe(130);
  expect(stderr).toContain(`eigenloom resume ${basename(folder)}`);
  release();
  const { status, step } = lastOf(stdout);
  expect(status).toBe('stopped');
  expect(existsSync(join(folder, 'checkpoints', `step-${step}`))).toBe(true);
  expect(existsSync(join(folder, 'stop'))).toBe(false);
  const resumed = await bench.run('resume', basename(folder), '--json');
  expect(resumed.code).toBe(0);
  expect(metricsOf(folder)).toBe(expected);
  // Only what is new is echoed.
  expect(resumed.stdout.trimEnd().split('\n')[1]).toContain(`"step":${step + 1},"split":"train"`);
  expect(recordOf(folder)).toMatchObject({ status: 'done', resumed_from: [step] });
  const again = await bench.run('resume', basename(folder), '--json');
  expect(again.code).toBe(0);
});

it('a second Ctrl-C ends the trainer at once', async () => {
  const running = bench.start('run', bench.experiment('impatient', 2000));
  const folder = await bench.appears('impatient');
  await trainerOf(folder);
  await until(() => metricsOf(folder).includes('"step":2'));
  running.child.kill('SIGINT');
  running.child.kill('SIGINT');
  expect((await running.outcome).code).toBe(130);
  expect(['stopped', 'running']).toContain(recordOf(folder).status);
});

it('two trainers never write one run, and a run at work is neither resumed nor removed', async () => {
  const running = bench.start('run', bench.experiment('shared', 60), '--json');
  const folder = await bench.appears('shared');
  const { release } = hold(folder);
  const trainer = await trainerOf(folder);
  const second = await bench.run('resume', folder);
  expect(second.code).toBe(2);
  expect(second.stderr).toContain(`process ${trainer}`);
  expect((await bench.run('runs', 'rm', folder)).code).toBe(2);
  process.kill(trainer, 'SIGKILL');
  await running.outcome;
  // Both see a free run; only one gets it.
  const two = [bench.run('resume', folder), bench.run('resume', folder)];
  // The one that lost has ended while the other is still held.
  await Promise.race(two);
  release();
  const both = await Promise.all(two);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
  const steps = metricsOf(folder)
    .split('\n')
    .filter((line) => line.includes('"train"'));
  expect(new Set(steps).size).toBe(60);
  expect(steps).toHaveLength(60);
});

it('a run whose folder is removed ends by itself, and nothing of it comes back', async () => {
  const running = bench.start('run', bench.experiment('removed-slow', 2000));
  const folder = await bench.appears('removed');
  const trainer = await trainerOf(folder);
  await until(() => metricsOf(folder).includes('"step":12'));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const { code, stderr } = await running.outcome;
  expect(code).toBe(1);
  expect(stderr).toContain('folder was removed while it was trained');
  expect(kill(trainer)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

it('a run goes on after its files were damaged, or says what is broken', async () => {
  const expected = await undisturbed(30);
  const running = bench.start('run', bench.experiment('damaged', 30));
  const folder = await bench.appears('damaged');
  const { release } = hold(folder);
  const trainer = await trainerOf(folder);
  await until(() => existsSync(join(folder, 'checkpoints', 'step-10')));
  process.kill(trainer, 'SIGKILL');
  await running.outcome;
  release();
  writeFileSync(join(folder, 'metrics.jsonl'), `${metricsOf(folder)}{"step":99,"spl`);
  writeFileSync(join(folder, 'checkpoints', '.step-90.0000.tmp'), 'torn');
  writeFileSync(join(folder, 'lock'), '');
  expect((await bench.run('resume', folder)).code).toBe(0);
  expect(metricsOf(folder)).toBe(expected);
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['step-20', 'step-30']);

  writeFileSync(join(folder, 'run.json'), '{"formatVersion":1,');
  const broken = await bench.run('resume', folder);
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain('this run is broken');
  rmSync(join(folder, 'run.json'));
  expect((await bench.run('resume', folder)).code).toBe(2);
});

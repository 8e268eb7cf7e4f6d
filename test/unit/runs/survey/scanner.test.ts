import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { durationOf } from '../../../../src/extension/features/runs/query/match';
import { levelsOf, SparkSampler } from '../../../../src/runs/survey/spark';
import { type CachedRun, encodeRuns, RunsDecoder } from '../../../../src/runs/survey/packed';
import { RunScanner, type ScannerOptions } from '../../../../src/runs/survey/scanner';
import { describeRun, speakRun } from '../../../../src/extension/features/runs/words';
import { changeUserNotes } from '../../../../src/runs/user';
import { thisProcess } from '../../../../src/runs/process';
import { surveyRuns } from '../../../../src/trainer/inspect/survey';
import {
  makeRun,
  plainSummary,
  recordOf,
  runId,
  temporaryFolder,
  trainLine,
} from '../../../support/runFolders';

const QUICK = { live: 20, roots: 20, recent: 20, rest: 50 };
const HERE = {
  platform: 'x',
  arch: 'x',
  cpu: 'x',
  cores: 1,
  memory_mb: 1,
  hostname: hostname(),
};

const DAY = 86_400_000;

/** Gives the files of a run times so far (ms) from now. */
function setTimes(folder: string, shift: number): void {
  const time = (Date.now() + shift) / 1000;
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), time, time);
}

describe('the scanner', () => {
  let root: string;
  let remove: () => void;
  let scanner: RunScanner;
  let warnings: string[];

  const make = (options: Partial<ScannerOptions> = {}): RunScanner =>
    new RunScanner({ warn: (text) => warnings.push(text), intervals: QUICK, ...options });

  beforeEach(() => {
    ({ folder: root, remove } = temporaryFolder('scanner'));
    warnings = [];
    scanner = make();
  });
  afterEach(() => {
    scanner.dispose();
    remove();
  });

  const until = async (holds: () => boolean): Promise<void> => {
    const end = performance.now() + 5000;
    while (!holds()) {
      if (performance.now() > end) throw new Error('it has not come to be');
      await sleep(10);
    }
  };

  it('lists runs newest first by what they say of themselves, wherever the clock was', async () => {
    makeRun(root, runId(1), { created: '2026-11-24T18:30:00.000Z' });
    makeRun(root, runId(3));
    makeRun(root, runId(2));
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs.map(({ id }) => id)).toEqual([runId(1), runId(3), runId(2)]);
  });

  it('knows name and time from the folder alone, before it has read anything', async () => {
    makeRun(root, runId(7, 'a-name'), { name: 'A name' });
    const seen: string[] = [];
    scanner.onDidChange(() => seen.push(scanner.runs[0]?.label ?? ''));
    await scanner.setRoots([root]);
    expect(seen[0]).toBe('a-name');
    expect(scanner.runs[0]?.created).toBe(Date.UTC(2026, 10, 24, 18, 7));
    await scanner.refresh();
    expect(scanner.runs[0]?.label).toBe('A name');
  });

  it('shows a broken run as broken, with the reason, and every other run beside it', async () => {
    makeRun(root, runId(1));
    const broken = makeRun(root, runId(2));
    writeFileSync(join(broken, 'run.json'), '{"formatVersion": 9}');
    mkdirSync(join(root, runId(3)));
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs.map(({ id }) => id)).toEqual([runId(1)]);
    expect(scanner.broken.map(({ id }) => id)).toEqual([runId(3), runId(2)]);
    expect(scanner.broken.map(({ why }) => why).join()).toMatch(/no run\.json.*another version/u);
    scanner.start();
    writeFileSync(join(broken, 'run.json'), JSON.stringify(recordOf(runId(2))));
    await until(() => scanner.runs.length === 2);
  });

  it('follows runs that come, move and go', async () => {
    await scanner.setRoots([join(root, 'runs')]);
    scanner.start();
    makeRun(join(root, 'runs'), runId(1));
    await until(() => scanner.runs.length === 1);
    const folder = makeRun(join(root, 'runs'), runId(2));
    await until(() => scanner.runs.length === 2);
    renameSync(folder, join(root, 'runs', '.gone'));
    await until(() => scanner.runs.length === 1);
    rmSync(join(root, 'runs'), { recursive: true });
    await until(() => scanner.runs.length === 0);
    expect(warnings).toEqual([]);
  });

  it('loses no metric line of ten runs that write at once, and counts none twice', async () => {
    const folders = Array.from({ length: 10 }, (_, i) =>
      makeRun(root, runId(i), { status: 'running', process: thisProcess(), machine: HERE }),
    );
    await scanner.setRoots([root]);
    await scanner.refresh();
    scanner.start();
    for (let step = 1; step <= 200; step++) {
      for (const folder of folders) {
        const line = `${trainLine(step, step)}\n`;
        const cut = step % line.length;
        appendFileSync(join(folder, 'metrics.jsonl'), line.slice(0, cut));
        appendFileSync(join(folder, 'metrics.jsonl'), line.slice(cut));
      }
      if (step % 20 === 0) await sleep(5);
    }
    await until(() => scanner.runs.every(({ step }) => step === 200));
    const sampler = new SparkSampler();
    for (let step = 1; step <= 200; step++) sampler.add(step);
    for (const run of scanner.runs) {
      expect(run.status).toBe('running');
      expect(run.loss).toBe(200);
      // It looks as it does where each line was counted once.
      expect(run.spark).toBe(levelsOf(sampler.values));
    }
  });

  it('begins anew where a resumed run has cut its metrics back', async () => {
    const folder = makeRun(root, runId(1), { status: 'running', process: thisProcess(), machine: HERE }, [
      trainLine(1, 5),
      trainLine(2, 4),
      trainLine(3, 3),
    ]);
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]?.step).toBe(3);
    writeFileSync(join(folder, 'next'), `${trainLine(1, 5)}\n${trainLine(2, 9)}\n`);
    renameSync(join(folder, 'next'), join(folder, 'metrics.jsonl'));
    await scanner.look(folder);
    expect(scanner.runs[0]).toMatchObject({ step: 2, loss: 9, spark: '!~' });
  });

  it('calls a run interrupted whose trainer is gone', async () => {
    const gone = { ...thisProcess(), started: 'another time' };
    makeRun(root, runId(1), { status: 'running', process: gone, machine: HERE });
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]?.status).toBe('interrupted');
  });

  it('takes a run on another machine for running while its files grow', async () => {
    const elsewhere = { ...HERE, hostname: 'elsewhere' };
    makeRun(root, runId(1), { status: 'running', process: { pid: 1, started: 'x' }, machine: elsewhere });
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]?.status).toBe('running');
  });

  it('takes one for interrupted whose files have not grown for long, also when it reads them first', async () => {
    const elsewhere = { ...HERE, hostname: 'elsewhere' };
    const folder = makeRun(root, runId(1), { status: 'running', machine: elsewhere }, [trainLine(1, 2)]);
    setTimes(folder, -600_000);
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]?.status).toBe('interrupted');
    setTimes(folder, 0);
    await scanner.refresh();
    expect(scanner.runs[0]?.status).toBe('running');
  });

  it('judges runs whose times lie in the future by what it sees itself', async () => {
    const elsewhere = { ...HERE, hostname: 'elsewhere' };
    const folder = makeRun(root, runId(2), { status: 'running', machine: elsewhere }, [trainLine(1, 2)]);
    setTimes(folder, DAY);
    setTimes(makeRun(root, runId(1), { status: 'queued' }), DAY);
    let now = 0;
    scanner = make({ clock: () => now });
    await scanner.setRoots([root]);
    const statuses = async (): Promise<unknown[]> => {
      await scanner.refresh();
      return scanner.runs.map(({ status }) => status);
    };
    expect(await statuses()).toEqual(['running', 'queued']);
    now = 61_000;
    expect(await statuses()).toEqual(['running', 'interrupted']);
    now = 299_000;
    expect(await statuses()).toEqual(['running', 'interrupted']);
    // It goes on growing: the other machine is at work.
    appendFileSync(join(folder, 'metrics.jsonl'), `${trainLine(2, 2)}\n`);
    setTimes(folder, DAY);
    expect(await statuses()).toEqual(['running', 'interrupted']);
    now = 598_000;
    expect(await statuses()).toEqual(['running', 'interrupted']);
    now = 600_000;
    expect(await statuses()).toEqual(['interrupted', 'interrupted']);
  });

  it('says nothing absurd of a run of this machine that began in the future', async () => {
    const started = new Date(Date.now() + DAY).toISOString();
    const running = { status: 'running', process: thisProcess(), machine: HERE, started } as const;
    makeRun(root, runId(1), { ...running, created: started }, [trainLine(4, 2)]);
    const gone = { ...running, process: { ...thisProcess(), started: 'another time' } };
    makeRun(root, runId(2), gone, [trainLine(4, 2)]);
    await scanner.setRoots([root]);
    await scanner.refresh();
    const [live, dead] = scanner.runs;
    if (live === undefined || dead === undefined) throw new Error('two runs were made');
    expect(live).toMatchObject({ status: 'running', secondsLeft: 3 });
    expect(dead.status).toBe('interrupted');
    expect(durationOf(live, Date.now())).toBe(0);
    expect(describeRun(live, Date.now())).toMatch(/step 4\/10 · 0:03 left/u);
    expect(describeRun({ ...live, status: 'stopped' }, Date.now())).toMatch(/^now · /u);
    expect(`${speakRun(live, Date.now())} ${speakRun(dead, Date.now())}`).not.toMatch(/-\d|NaN|Infinity/u);
  });

  it('looks often at a run whose trainer has just been started, until it has heard of it', async () => {
    const folder = makeRun(root, runId(1), { status: 'stopped' });
    scanner = make({ intervals: { ...QUICK, recent: 60_000, rest: 60_000 } });
    await scanner.setRoots([root]);
    await scanner.refresh();
    scanner.start();
    await scanner.awaitTrainer(folder);
    const running = recordOf(runId(1), { status: 'running', process: thisProcess(), machine: HERE });
    writeFileSync(join(folder, 'run.json'), JSON.stringify(running));
    await until(() => scanner.runs[0]?.status === 'running');
    writeFileSync(join(folder, 'run.json'), JSON.stringify(recordOf(runId(1))));
    await until(() => scanner.runs[0]?.status === 'done');
  });

  it('reads the end of a run to its end', async () => {
    const running = { status: 'running', process: thisProcess(), machine: HERE } as const;
    const folder = makeRun(root, runId(1), running, [trainLine(1, 5)]);
    await scanner.setRoots([root]);
    await scanner.refresh();
    appendFileSync(join(folder, 'metrics.jsonl'), `${trainLine(2, 4)}\n`);
    writeFileSync(join(folder, 'run.json'), JSON.stringify(recordOf(runId(1), { status: 'done' })));
    await scanner.look(folder);
    expect(scanner.runs[0]).toMatchObject({ status: 'done', step: 2, loss: 4 });
  });

  it('hears what another window notes on a run', async () => {
    const folder = makeRun(root, runId(1));
    await scanner.setRoots([root]);
    await scanner.refresh();
    scanner.start();
    changeUserNotes(folder, { star: true, tags: ['paper'], name: 'Mine' });
    await until(() => scanner.runs[0]?.starred === true);
    expect(scanner.runs[0]).toMatchObject({ tags: ['paper'], label: 'Mine', experiment: 'try' });
  });

  it('shows a run whose notes are damaged, and says so', async () => {
    const folder = makeRun(root, runId(1));
    writeFileSync(join(folder, 'user.json'), '{"star": tr');
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]).toMatchObject({ starred: false, status: 'done' });
    expect(warnings.join()).toContain('notes on this run cannot be read');
  });

  it('shows the activity that the trainer tells of, until it steps again', async () => {
    const running = { status: 'running', process: thisProcess(), machine: HERE } as const;
    const folder = makeRun(root, runId(1), running);
    const event = { time: 't', kind: 'progress', what: 'converting weights', fraction: 0.4 };
    writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`);
    await scanner.setRoots([root]);
    await scanner.refresh();
    expect(scanner.runs[0]?.activity).toBe('converting weights, 40 %');
    writeFileSync(join(folder, 'metrics.jsonl'), `${trainLine(1, 5)}\n`);
    await scanner.look(folder);
    expect(scanner.runs[0]?.activity).toBeUndefined();
  });

  it('remembers what it knew in the next session, and sees what has changed since', async () => {
    const cache = join(root, 'storage', 'runs.jsonl');
    const runs = join(root, 'runs');
    const [kept, changed] = [makeRun(runs, runId(1)), makeRun(runs, runId(2))];
    const first = make({ cache, saveAfter: 10 });
    await first.setRoots([runs]);
    await first.refresh();
    await sleep(200);
    first.dispose();
    writeFileSync(join(changed, 'run.json'), JSON.stringify(recordOf(runId(2), { status: 'failed' })));
    const second = make({ cache });
    const seen = new Set<string | undefined>();
    second.onDidChange(() => seen.add(second.get(kept)?.status));
    await second.setRoots([runs]);
    await second.refresh();
    expect([...seen]).toContain('done');
    expect(second.runs.map(({ status }) => status)).toEqual(['failed', 'done']);
    second.dispose();
  });

  it('makes nothing of a cache that is damaged', async () => {
    const cache = join(root, 'runs.jsonl');
    writeFileSync(cache, '{"eigenloom":"runs","formatVersion":3}\n[[\nnull\n[["a"],[[0]]]\n');
    makeRun(join(root, 'runs'), runId(1));
    const other = make({ cache });
    await other.setRoots([join(root, 'runs')]);
    await other.refresh();
    expect(other.runs.map(({ id }) => id)).toEqual([runId(1)]);
    other.dispose();
  });

  it('shows one run once, though two roots hold it', async () => {
    makeRun(root, runId(1));
    await scanner.setRoots([root, root]);
    await scanner.refresh();
    expect(scanner.runs.map(({ folder }) => basename(folder))).toEqual([runId(1)]);
  });

  it('has many new runs read by another process, and reads what that leaves out itself', async () => {
    const folders = Array.from({ length: 520 }, (_, i) => makeRun(root, runId(i), {}, [trainLine(7, 3)]));
    const broken = makeRun(root, runId(600));
    writeFileSync(join(broken, 'run.json'), '{');
    makeRun(root, runId(601), { status: 'running', process: thisProcess(), machine: HERE });
    const asked: (readonly string[])[] = [];
    const shown: (readonly [runs: number, unread: number])[] = [];
    scanner = make({
      survey: async (some) => {
        asked.push(some);
        shown.push([scanner.runs.length, scanner.unread]);
        const runs: CachedRun[] = [];
        const decoder = new RunsDecoder(
          (above, id) => ({ folder: join(above, id) }),
          (run) => {
            const { recordStamp, userStamp } = run;
            runs.push({ recordStamp, userStamp, summary: { ...plainSummary(run), loss: 4 } });
          },
        );
        for (const line of await surveyRuns(some)) decoder.decode(line);
        return [...encodeRuns(runs)];
      },
    });
    await scanner.setRoots([root]);
    await until(() => !scanner.filling);
    expect(asked.map(({ length }) => length)).toEqual([500, 22]);
    expect(asked[0]?.[0]).toBe(join(root, runId(601)));
    // The newest are there by their names at once, the others as they have been read.
    expect(shown).toEqual([
      [500, 22],
      [500, 22],
    ]);
    expect(scanner.unread).toBe(0);
    expect(scanner.runs).toHaveLength(521);
    expect(scanner.broken.map(({ id }) => id)).toEqual([runId(600)]);
    expect(scanner.get(join(root, runId(601)))?.status).toBe('running');
    // What the other process says is taken at its word, as long as the files are as they were then.
    expect(folders.every((folder) => scanner.get(folder)?.loss === 4)).toBe(true);
    await scanner.refresh();
    expect(folders.every((folder) => scanner.get(folder)?.loss === 4)).toBe(true);
    changeUserNotes(folders[3] ?? '', { star: true });
    await scanner.refresh();
    expect(scanner.get(folders[3] ?? '')).toMatchObject({ starred: true, loss: 3, step: 7 });
    expect(warnings).toEqual([]);
  });

  it('reads many runs itself where the other process fails', async () => {
    for (let i = 0; i < 510; i++) makeRun(root, runId(i));
    scanner = make({ survey: () => Promise.reject(new Error('it has ended')) });
    await scanner.setRoots([root]);
    await until(() => !scanner.filling);
    expect(scanner.runs.map(({ status }) => status)).toEqual(Array.from({ length: 510 }, () => 'done'));
    expect(scanner.unread).toBe(0);
    expect(warnings).toEqual(['it has ended']);
  });

  it('hides none of many runs again that are shown, where another is made meanwhile', async () => {
    for (let i = 0; i < 1100; i++) makeRun(root, runId(i));
    scanner = make({ survey: () => Promise.reject(new Error('it has ended')) });
    let shown = 0;
    let hidden = 0;
    scanner.onDidChange(() => {
      hidden += Math.max(0, shown - scanner.runs.length);
      shown = scanner.runs.length;
    });
    await scanner.setRoots([root]);
    await until(() => shown === 1100);
    expect(scanner.filling).toBe(true);
    makeRun(root, runId(1100));
    await scanner.list(true);
    await until(() => !scanner.filling);
    expect([scanner.runs.length, scanner.unread, hidden]).toEqual([1101, 0, 0]);
  });
});

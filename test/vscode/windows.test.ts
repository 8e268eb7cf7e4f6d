import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/protocol/run/record';
import { thisProcess } from '../../src/runs/process';
import { changeUserNotes } from '../../src/runs/user';
import { makeRun, trainLine } from '../support/runFolders';
import { trainersOf } from './support/processes';
import { madeBy, type RunFolder } from './support/runFolders';
import { LONG, makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

/** How far (ms) the clock was set back since the runs of {@link makeFutureRuns} were made. */
const SHIFT = 2 * 86_400_000;

const FUTURE = new Date(Date.now() + SHIFT).toISOString();

/** Runs as a clock leaves behind that was set back by some days: one at work, one whose trainer is gone, one done. */
function makeFutureRuns(workspace: string): void {
  const machine = { platform: 'linux', arch: 'x64', cpu: 'x', cores: 2, memory_mb: 1, hostname: hostname() };
  const common = { created: FUTURE, started: FUTURE, machine } as const;
  const root = join(workspace, 'runs');
  const make = (name: string, change: Partial<RunRecord>): void => {
    const id = `${FUTURE.slice(0, 10).replaceAll('-', '')}-000000-${name}-0000`;
    const folder = makeRun(root, id, { ...common, ...change }, [trainLine(1, 3), trainLine(2, 2)]);
    changeUserNotes(folder, { name });
  };
  const living = thisProcess();
  const dead = { ...living, started: 'another time' };
  make('alive', { status: 'running', process: living });
  make('gone', { status: 'running', process: dead });
  const there = { ...machine, hostname: `not-${hostname()}` };
  make('elsewhere', { status: 'running', process: dead, machine: there });
  make('finished', { status: 'done', ended: FUTURE });
  const times = Date.parse(FUTURE) / 1000;
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    utimesSync(join(root, path), times, times);
  }
}

describe('two windows on one folder', () => {
  const opened = useSession();
  let session: Session;
  let first: Workbench;
  let second: Workbench;
  let run: RunFolder;

  beforeAll(async () => {
    session = opened();
    first = session.workbench;
    await first.showRuns();
    second = await session.anotherWindow();
    await second.showRuns();
    await first.openFile(LONG);
    run = await madeBy(session.workspace, () => first.command('Eigenloom: Run Experiment'));
  });

  /** The row of the run in a window's explorer, by what it says of itself. */
  const row = (window: Workbench, said: string): Locator =>
    window.view('Runs').locator(`.monaco-list-row[aria-level="2"][aria-label*="${said}"]`);

  it('both show its run live', async () => {
    for (const window of [first, second]) {
      await row(window, 'long, running, step').waitFor();
      const from = run.steps.length;
      await until('a later step', async () => {
        const said = (await row(window, 'long, running').getAttribute('aria-label')) ?? '';
        return Number(/step (\d+) of/u.exec(said)?.[1]) > from;
      });
      await window.page.locator('.statusbar-item', { hasText: /step \d/u }).waitFor();
    }
  });

  it('both show it stopped where one has stopped it', async () => {
    await second.command('Eigenloom: Stop Run');
    await run.reaches('stopped');
    await until('its trainer to be gone', () => trainersOf(session.id).length === 0);
    for (const window of [first, second]) await row(window, 'long, stopped, step').waitFor();
    expect(run.unbroken).toBe(true);
  });

  it('both show the star and the name that one has given it', async () => {
    await second.select(row(second, 'long, stopped'));
    await second.command('Eigenloom: Star Run');
    await second.pick('long');
    await row(first, 'long, starred, stopped').waitFor();
    await first.command('Eigenloom: Rename Run');
    await first.pick('long');
    await first.answer('kept');
    for (const window of [first, second]) await row(window, 'kept, starred, stopped').waitFor();
    await second.picture('starred-in-one-window-named-in-the-other');
  });

  it('have broken no policy and thrown no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

describe('a clock that was set back', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      makeFutureRuns(folder);
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
  });

  /** What the row of a run says, to see and to hear. */
  async function saidOf(name: string): Promise<string> {
    const row = workbench.view('Runs').locator(`.monaco-list-row[aria-level="2"][aria-label^="${name}, "]`);
    await row.waitFor();
    return `${(await row.getAttribute('aria-label')) ?? ''} | ${(await row.textContent()) ?? ''}`;
  }

  it('leaves runs at work at work, and those whose trainer is gone interrupted', async () => {
    const wanted = { alive: 'running', gone: 'interrupted', elsewhere: 'running', finished: 'done' };
    for (const [name, status] of Object.entries(wanted)) {
      await until(`${name} to be ${status}`, async () =>
        (await saidOf(name)).startsWith(`${name}, ${status}, `),
      );
    }
    await workbench.picture('runs-of-the-future');
  });

  it('makes no age negative, and no time endless', async () => {
    for (const name of ['alive', 'gone', 'elsewhere', 'finished']) {
      expect(await saidOf(name)).not.toMatch(/-\d+ (?:min|h|d|w|y)|-\d+:|NaN|Infinity/u);
    }
    await until('the age of one', async () => (await saidOf('finished')).includes('now'));
    await until('the rest of another', async () => (await saidOf('alive')).includes('0:04 left'));
    await workbench.page.locator('.statusbar-item', { hasText: /2 runs: step \d+\/10/u }).waitFor();
  });

  it('keeps no new run from being launched and followed', async () => {
    await workbench.openFile(LONG);
    const run = await madeBy(session.workspace, () => workbench.command('Eigenloom: Run Experiment'));
    await run.advances(5);
    const group = (text: RegExp): Promise<void> => workbench.rows('Runs', text).waitFor();
    const bar = (text: RegExp): Promise<void> =>
      workbench.page.locator('.statusbar-item', { hasText: text }).waitFor();
    await group(/long1 run · 1 at work/u);
    await bar(/3 runs: step/u);
    writeFileSync(join(run.folder, 'stop'), '');
    await run.reaches('stopped');
    await group(/long1 run · best/u);
    await bar(/2 runs: step/u);
  });
});

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Emitter } from '../../../../src/base/emitter';
import { foldersOf } from '../../../../src/extension/arguments';
import { collectRun } from '../../../../src/extension/features/curves/collect';
import {
  addRuns,
  EMPTY_LIST,
  listedRuns,
  listOfRuns,
  listOfSource,
  removeRun,
  showRun,
} from '../../../../src/extension/features/curves/list';
import { CurvesSession } from '../../../../src/extension/features/curves/session';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import { summaryOf } from '../../../support/runFolders';
import type { CurvesPatch, Look } from '../../../../src/protocol/panels/curves';
import type { RunRecord } from '../../../../src/protocol/run/record';

const LOOK: Look = { id: 1, x: 'step', logX: false, range: null, smoothing: 0, hidden: [] };

function summary(folder: string, more: Partial<RunSummary> = {}): RunSummary {
  return summaryOf({
    folder,
    id: folder,
    label: folder,
    source: '/e.tune.yaml',
    rank: 8,
    model: 'm',
    device: 'cpu',
    started: 1000,
    ended: 2000,
    step: 1,
    totalSteps: 10,
    ...more,
  });
}

describe('the list of runs', () => {
  const runs = [summary('new'), summary('old', { status: 'running' }), summary('older')];
  const shown = (list = listOfSource('/e.tune.yaml'), of = runs): string[] =>
    listedRuns(list, of, () => true)
      .filter((run) => run.shown)
      .map(({ folder }) => folder);

  it('shows the newest run and those at work, and what the user has chosen', () => {
    expect(shown()).toEqual(['new', 'old']);
    expect(shown(showRun(listOfSource('x'), 'older', true))).toEqual(['new', 'old', 'older']);
    expect(shown(showRun(listOfSource('x'), 'new', false))).toEqual(['old']);
  });

  it('gives the place of the newest to the next one, and keeps what was chosen', () => {
    const list = showRun(listOfSource('x'), 'older', true);
    expect(shown(list, [summary('newest'), ...runs])).toEqual(['newest', 'old', 'older']);
  });

  it('takes runs off, takes them on again, and leaves out those that are gone', () => {
    const list = removeRun(listOfSource('x'), 'new');
    expect(shown(list)).toEqual(['old']);
    expect(shown(addRuns(list, ['new']))).toEqual(['new', 'old']);
    expect(listedRuns(listOfRuns(['a', 'b']), [], (folder) => folder === 'b')).toEqual([
      { folder: 'b', shown: true },
    ]);
    expect(removeRun(listOfRuns(['a', 'b']), 'a').added).toEqual(['b']);
  });
});

describe('a command’s arguments', () => {
  it('name one run, several, or none', () => {
    expect(foldersOf([{ folder: '/a' }])).toEqual(['/a']);
    expect(foldersOf([{ folder: '/a' }, [{ folder: '/a' }, { folder: '/b' }, 3]])).toEqual(['/a', '/b']);
    expect(foldersOf([undefined, []])).toEqual([]);
  });
});

describe('what is said of a run', () => {
  it('comes from its record and its summary, and leaves out what is not known', () => {
    const record = {
      config: {
        model: 'models/SmolLM2',
        adapter: { method: 'lamda++', rank: 32, ranks: { candidates: [8, 16, 64] } },
      },
      facts: {
        total_steps: 300,
        device: { provider: 'cpu', reason: 'no GPU' },
        memory: { recompute: 'layers', predicted_mb: 1 },
      },
    } as unknown as RunRecord;
    const run = collectRun(
      'f',
      true,
      summary('f', { method: 'lamda++', status: 'stopped', device: undefined }),
      record,
      undefined,
    );
    expect(run).toMatchObject({
      rank: '8–64, mean 32',
      device: 'cpu',
      deviceReason: 'no GPU',
      recompute: 'layers',
      totalSteps: 300,
      active: false,
      resumable: true,
    });
    expect(Object.values(run)).not.toContain(undefined);
    expect(collectRun('f', true, undefined, record, undefined)).toMatchObject({
      model: 'SmolLM2',
      status: 'unknown',
    });
  });
});

describe('a session', () => {
  let root: string;
  let session: CurvesSession | undefined;
  const patches: CurvesPatch[] = [];
  const changed = new Emitter<void>();
  const line = (step: number): string => `${JSON.stringify({ step, split: 'train', loss: 1 / step })}\n`;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'eigenloom-session-'));
    patches.length = 0;
  });
  afterEach(() => {
    session?.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  function start(of: RunSummary[]): CurvesSession {
    for (const { folder } of of) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'metrics.jsonl'), line(1) + line(2));
    }
    session = new CurvesSession(
      {
        onDidChange: changed.event,
        get: (folder) => of.find((run) => run.folder === folder),
        runsOf: () => of,
      },
      {
        post: (patch) => patches.push(patch),
        onError: (error) => {
          throw error;
        },
      },
      { ...EMPTY_LIST, source: '/e.tune.yaml' },
    );
    return session;
  }

  it('answers with everything, then tells of what is new alone', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const made = start([summary(one, { status: 'running' }), summary(two, { status: 'running' })]);
    const first = await made.snapshot(LOOK);
    expect(first.order).toEqual([one, two]);
    expect(first.frames.map(({ folder }) => folder)).toEqual([one, two]);
    expect(first.look).toBe(1);
    appendFileSync(join(one, 'metrics.jsonl'), line(3));
    await expect.poll(() => patches.length).toBeGreaterThan(0);
    expect(patches.flatMap(({ frames }) => frames.map(({ folder }) => folder))).toEqual([one]);
    expect(patches[0]?.frames[0]?.series[0]?.count).toBe(3);
    expect(patches[0]?.runs.map(({ step }) => step)).toEqual([3]);
  });

  it('tells a hidden page nothing, and goes on when it is shown', async () => {
    const one = join(root, 'one');
    const made = start([summary(one, { status: 'running' })]);
    await made.snapshot(LOOK);
    made.visible = false;
    appendFileSync(join(one, 'metrics.jsonl'), line(3));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(patches).toEqual([]);
    made.visible = true;
    await expect.poll(() => patches.at(-1)?.frames[0]?.series[0]?.count).toBe(3);
  });

  it('reads a run only once it is shown', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const made = start([summary(one), summary(two)]);
    const first = await made.snapshot(LOOK);
    expect(first.frames.map(({ folder }) => folder)).toEqual([one]);
    expect(first.runs.map(({ shown }) => shown)).toEqual([true, false]);
    made.list = showRun(made.list, two, true);
    await expect
      .poll(() => patches.flatMap(({ frames }) => frames).map(({ folder }) => folder))
      .toEqual([two]);
  });

  it('says anew what a run is that was off the list', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const made = start([summary(one), summary(two)]);
    await made.snapshot(LOOK);
    made.list = listOfRuns([one]);
    await expect.poll(() => patches.at(-1)?.order).toEqual([one]);
    made.list = listOfRuns([one, two]);
    await expect.poll(() => patches.at(-1)?.order).toEqual([one, two]);
    expect(patches.at(-1)?.runs.map(({ folder }) => folder)).toEqual([two]);
  });

  it('answers each of two looks that cross with everything', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const made = start([summary(one), summary(two)]);
    const both = await Promise.all([made.snapshot(LOOK), made.snapshot({ ...LOOK, id: 2 })]);
    for (const { runs } of both) expect(runs.map(({ folder }) => folder)).toEqual([one, two]);
  });
});

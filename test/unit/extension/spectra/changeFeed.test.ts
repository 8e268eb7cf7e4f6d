import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Emitter } from '../../../../src/base/emitter';
import { ChangeFeed } from '../../../../src/extension/features/spectra/changeFeed';
import { RecordedRuns } from '../../../../src/extension/features/spectra/recordedRuns';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import type { Spectrum } from '../../../../src/protocol/panels/spectra';
import { makeRun, runId, summaryOf, temporaryFolder, trainLine } from '../../../support/runFolders';

let folder: string;
let remove: () => void;
beforeEach(() => {
  ({ folder, remove } = temporaryFolder('changes'));
});
afterEach(() => {
  remove();
});

/** A line with one module, whose change has these values. */
function line(step: number, values: readonly number[], more: object = {}): string {
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  const first = values[0] ?? 0;
  const change = {
    module: 'q',
    values,
    frobenius: Math.sqrt(squares),
    stable_rank: first === 0 ? 0 : squares / first ** 2,
    ...more,
  };
  return `${JSON.stringify({ step, modules: [change] })}\n`;
}

const changes = (): string => join(folder, 'changes.jsonl');
/** For runs that are not asked how their changes lie. */
const unasked = { relation: () => Promise.reject(new Error('nobody should ask')) };
const feedOf = (run = folder): ChangeFeed => new ChangeFeed(run, unasked);
const never = new AbortController().signal;

describe('what a run changed', () => {
  it('is read as it comes, torn lines when they are whole, and what is no line not at all', async () => {
    const feed = feedOf();
    expect(await feed.poll()).toBe(true);
    expect(feed.steps).toEqual([]);
    writeFileSync(changes(), `${line(0, [0, 0])}what\n${line(50, [3, 4].toReversed()).slice(0, -9)}`);
    expect(await feed.poll()).toBe(true);
    expect(feed.steps).toEqual([0]);
    appendFileSync(changes(), line(50, [4, 3]).slice(-9));
    await feed.poll();
    expect(feed.steps).toEqual([0, 50]);
    const [spectrum] = feed.spectra(50);
    expect(spectrum).toMatchObject({ path: 'q', set: 'training', frobenius: 5, exact: true });
    expect(spectrum?.measures.stableRank).toBeCloseTo(25 / 16, 12);
    // The values hold all of the norm, so that there are no others.
    expect(spectrum?.measures.effectiveRank).toBeCloseTo(1.98, 2);
    expect(feed.spectra(25)).toEqual([]);
    expect(await feed.poll()).toBe(false);
  });

  it('has no effective rank where the values are not all there are', async () => {
    writeFileSync(changes(), line(50, [4, 3], { frobenius: 6 }));
    const feed = feedOf();
    await feed.poll();
    expect(feed.spectra(50)[0]?.measures.effectiveRank).toBeUndefined();
  });

  it('is made again from a step on where a run was resumed from before it', async () => {
    writeFileSync(changes(), line(50, [1]) + line(100, [2]) + line(150, [3]));
    const feed = feedOf();
    await feed.poll();
    appendFileSync(changes(), line(100, [2.5]));
    await feed.poll();
    expect(feed.steps).toEqual([50, 100]);
    expect(feed.spectra(100)[0]?.values[0]).toBe(2.5);
    writeFileSync(join(folder, 'next'), line(50, [9]));
    renameSync(join(folder, 'next'), changes());
    await feed.poll();
    expect(feed.steps).toEqual([50]);
    expect(feed.spectra(50)[0]?.values[0]).toBe(9);
  });

  it('lies along the losses, on scales that hold all steps', async () => {
    const metrics = [
      trainLine(1, 3),
      trainLine(2, 2.5),
      '{"step":2,"split":"eval","loss":2.6,"perplexity":13}',
    ];
    writeFileSync(join(folder, 'metrics.jsonl'), `${metrics.join('\n')}\n`);
    writeFileSync(
      changes(),
      line(0, [0, 0]) +
        line(1, [2, 1], { live: 8 }) +
        line(2, [4, 1e-9], { live: 6, overlap: 0.2, fresh: 0.9 }),
    );
    const feed = feedOf();
    await feed.poll();
    const { steps, train, eval: evaluated, ranges, reach } = feed.timeline();
    expect([...steps]).toEqual([0, 1, 2]);
    expect([[...train.xs], [...train.ys]]).toEqual([
      [1, 2],
      [3, 2.5],
    ]);
    expect([...evaluated.ys]).toEqual([2.6]);
    // What is 0 is no change yet, and rounding is no value.
    expect(ranges).toMatchObject({ sigma: [2, 4], live: [6, 8], overlap: [0.2, 0.2], fresh: [0.9, 0.9] });
    expect(reach).toEqual({ q: [1, 4] });
  });

  it('is asked for how it lies to the weight after the last step, where that was not recorded', async () => {
    const asked: string[] = [];
    const relation = {
      rank: 2,
      overlap: 0.3,
      fresh: 0.6,
      overlaps: Float64Array.of(0.1, 0.3),
    };
    const known = { module: 'k', values: [1], frobenius: 1, stable_rank: 1, overlap: 0.5, fresh: 0.5 };
    const { modules } = JSON.parse(line(100, [4, 3])) as { modules: unknown[] };
    const still = { module: 'o', values: [0], frobenius: 0, stable_rank: 0 };
    writeFileSync(
      changes(),
      line(50, [1]) + `${JSON.stringify({ step: 100, modules: [...modules, known, still] })}\n`,
    );
    const feed = new ChangeFeed(folder, {
      relation: (run, module) => {
        asked.push(`${run === folder} ${module}`);
        return Promise.resolve(relation);
      },
    });
    await feed.poll();
    const found: Spectrum[] = [];
    await feed.relate((spectrum) => found.push(spectrum), never);
    expect(asked).toEqual(['true q']);
    expect(found).toHaveLength(1);
    expect(feed.spectra(100)[0]?.relation).toEqual(relation);
    expect(feed.spectra(50)[0]?.relation).toBeUndefined();
    await feed.relate(() => undefined, never);
    expect(asked).toHaveLength(1);
  });
});

describe('the run of a subject', () => {
  const source = '/work/try.tune.yaml';
  function start(summaries: readonly RunSummary[]): RecordedRuns {
    return new RecordedRuns(
      {
        onDidChange: new Emitter<void>().event,
        get: (run) => summaries.find(({ folder: one }) => one === run),
        runsOf: (file) => summaries.filter((run) => run.source === file),
      },
      unasked,
    );
  }

  it('is an experiment’s newest that has recorded changes, or the run itself', async () => {
    const [old, middle, newest] = [1, 2, 3].map((minutes) => makeRun(folder, runId(minutes)));
    for (const run of [old, middle]) writeFileSync(join(run ?? '', 'changes.jsonl'), line(50, [1]));
    const summaries = [newest, middle, old].map((run, index) =>
      summaryOf({
        folder: run ?? '',
        label: `run ${index}`,
        source,
        status: index === 1 ? 'running' : 'done',
      }),
    );
    const runs = start(summaries);
    expect(await runs.find({ kind: 'experiment', path: source })).toEqual({
      folder: middle,
      name: 'run 1',
      live: true,
    });
    expect(await runs.find({ kind: 'run', path: old ?? '' })).toMatchObject({ name: 'run 2', live: false });
    expect(await runs.find({ kind: 'run', path: newest ?? '' })).toBeUndefined();
    expect(await runs.find({ kind: 'experiment', path: '/work/other.tune.yaml' })).toBeUndefined();
    expect(await runs.find({ kind: 'model', path: '/models/a' })).toBeUndefined();
  });

  it('has a name also where the explorer does not know it', async () => {
    const run = join(folder, runId(1));
    mkdirSync(run);
    writeFileSync(join(run, 'changes.jsonl'), line(50, [1]));
    expect(await start([]).find({ kind: 'run', path: run })).toEqual({
      folder: run,
      name: runId(1),
      live: false,
    });
  });
});

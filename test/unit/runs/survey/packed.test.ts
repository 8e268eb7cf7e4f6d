import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CachedRun, encodeRuns, RunsDecoder } from '../../../../src/runs/survey/packed';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import { plainSummary, summaryOf } from '../../../support/runFolders';

const root = join('some', 'runs');
const summary = (id: string, change: Partial<RunSummary> = {}): RunSummary =>
  summaryOf({ id, folder: join(root, id), secondsLeft: undefined, activity: undefined, ...change });

const full = summary('20261124-180100-try-aaaa', {
  label: 'Größe, 2/3',
  status: 'failed',
  rank: 8,
  device: 'webgpu',
  started: 1.5e12,
  ended: 1.6e12,
  lastEval: { step: 30, loss: 2.25 },
  bestEval: { step: 20, loss: 2 },
  trainable: 1234,
  spark: '~P!',
  error: 'the disk is full',
  starred: true,
  tags: ['paper', 'try'],
  note: 'two\nlines',
});
const bare = summary('20261124-180200-try-bbbb', {
  status: 'done',
  rank: undefined,
  device: undefined,
  started: undefined,
  ended: undefined,
  loss: undefined,
  lastEval: undefined,
  bestEval: undefined,
  trainable: undefined,
  totalSteps: undefined,
  spark: '',
  error: undefined,
  tags: [],
  note: '',
});

function read(lines: Iterable<string>, isKnown: (folder: string) => boolean = () => true): CachedRun[] {
  const runs: CachedRun[] = [];
  const known = (root: string, id: string): { folder: string } | undefined =>
    isKnown(join(root, id)) ? { folder: join(root, id) } : undefined;
  const decoder = new RunsDecoder(known, (run) => {
    const { recordStamp, userStamp } = run;
    runs.push({ recordStamp, userStamp, summary: plainSummary(run) });
  });
  for (const line of lines) decoder.decode(line);
  return runs;
}

describe('many runs in lines', () => {
  const runs = [full, bare].map((one, i) => ({
    recordStamp: `${i} 2 3.5`,
    userStamp: i === 0 ? '' : '7',
    summary: one,
  }));

  it('are read as they were written', () => {
    expect(read(encodeRuns(runs))).toEqual(runs);
  });

  it('say once what they say alike, and nothing for every field', () => {
    const [one, many] = [1, 101].map((count) => {
      const all = Array.from({ length: count }, (_, i) => ({
        recordStamp: '1 2 3',
        userStamp: '',
        summary: summary(`20261124-18${String(1000 + i)}-try-aaaa`),
      }));
      return [...encodeRuns(all)].join('').length;
    });
    expect(((many ?? 0) - (one ?? 0)) / 100).toBeLessThan(240);
  });

  it('leave out a run that nobody knows', () => {
    expect(read(encodeRuns(runs), (folder) => folder === bare.folder)).toEqual([runs[1]]);
  });

  const [line = ''] = encodeRuns(runs);
  const columns = ['texts', 'ids', 'own', 'shared', 'figures'];
  const damage = (at: number, change: (column: unknown) => unknown): string =>
    JSON.stringify((JSON.parse(line) as unknown[]).map((column, i) => (i === at ? change(column) : column)));
  it.each([
    ['no JSON', '[['],
    ['no columns', '{}'],
    ['other columns', '[1,2,3,4,5]'],
    ...columns.flatMap((name, at) => [
      [`no ${name}`, damage(at, () => [])],
      [`some of the ${name}`, damage(at, (column) => (column as string | unknown[]).slice(0, -4))],
    ]),
    ['a status that does not exist', line.replaceAll('"done"', '"x"')],
    ['a spark that is none', line.replaceAll('~P!', '~\u00e4!')],
    ['a shared text that is not there', damage(3, (column) => `//9${String(column).slice(3)}`)],
  ])('are none in %s', (_, damaged) => {
    expect(damaged).not.toBe(line);
    expect(read([damaged])).toEqual([]);
  });
});

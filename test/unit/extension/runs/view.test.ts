import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fit, makeElements, updateElements } from '../../../../src/extension/features/runs/elements';
import { contextValue } from '../../../../src/extension/features/runs/rowItem';
import {
  collectView,
  decodeViewOptions,
  PAGE,
  type ViewOptions,
} from '../../../../src/extension/features/runs/view';
import { runId, summaryOf } from '../../../support/runFolders';

const NOW = new Date(2026, 10, 24, 20, 0).getTime();
const DAY = 86_400_000;
const NONE = new Map<string, number>();
const OPTIONS: ViewOptions = { filter: '', grouping: 'experiment', order: 'newest' };

const run = (n: number, change: Parameters<typeof summaryOf>[0] = {}) =>
  summaryOf({
    folder: `/runs/${runId(n)}`,
    id: runId(n),
    label: `try ${n}`,
    created: NOW - n * DAY,
    ...change,
  });

const RUNS = [
  run(0, { status: 'running', loss: 3, started: NOW - 5000, experiment: 'b' }),
  run(1, { loss: 1, bestEval: { step: 1, loss: 2.5 }, experiment: 'a', started: 0, ended: 9000 }),
  run(2, { bestEval: { step: 1, loss: 2 }, experiment: 'a', method: 'lamda' }),
  run(10, { label: 'try 10', experiment: 'a', status: 'failed', started: 0, ended: 1000 }),
];
const BROKEN = [{ folder: '/runs/x', id: 'x', created: 0, why: 'it is torn' }];

function shown(options: Partial<ViewOptions>): Record<string, string[]> {
  const { groups } = collectView({ runs: RUNS, broken: BROKEN }, { ...OPTIONS, ...options }, NONE, NOW);
  return Object.fromEntries(groups.map((group) => [group.label, group.shown.map(({ label }) => label)]));
}

describe('the view of runs', () => {
  it('groups by experiment, day, method and status', () => {
    expect(shown({})).toEqual({ b: ['try 0'], a: ['try 1', 'try 2', 'try 10'] });
    expect(Object.keys(shown({ grouping: 'day' }))).toEqual([
      'Today',
      'Yesterday',
      '2026-11-22',
      '2026-11-14',
    ]);
    expect(Object.keys(shown({ grouping: 'method' }))).toEqual(['lora', 'lamda']);
    expect(Object.keys(shown({ grouping: 'status' }))).toEqual(['running', 'done', 'failed']);
  });

  it('tells experiments of one name in two folders apart, by the folders where need be', () => {
    const places = ['one', 'two'].map((name) => ({ name, path: resolve(`/work/${name}`) }));
    const at = (n: number, experiment: string, folder: string, source: string) =>
      run(n, { experiment, folder: resolve(folder), source: resolve(source) });
    const runs = [
      at(0, 'a', '/work/one/runs/x', '/gone/a.tune.yaml'),
      at(1, 'a', '/work/two/runs/x', '/work/one/a.tune.yaml'),
      at(2, 'a', '/elsewhere/x', '/work/two/a.tune.yaml'),
      at(3, 'b', '/work/one/runs/y', '/work/one/b.tune.yaml'),
    ];
    const groups = (shownPlaces: typeof places) =>
      collectView({ runs, broken: [], places: shownPlaces }, OPTIONS, NONE, NOW).groups.map(
        ({ label, shown: rows }) => [label, rows.length],
      );
    expect(groups(places)).toEqual([
      ['a — one', 1],
      ['a — two', 2],
      ['b', 1],
    ]);
    expect(groups(places.slice(0, 1))).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
  });

  it('sorts: those without the figure come last', () => {
    expect(shown({ order: 'loss' }).a).toEqual(['try 2', 'try 1', 'try 10']);
    expect(shown({ order: 'duration' }).a).toEqual(['try 1', 'try 10', 'try 2']);
    expect(shown({ order: 'name' }).a).toEqual(['try 1', 'try 2', 'try 10']);
  });

  it('counts what is at work, and tells the best loss: of evaluations, where there are any', () => {
    const { groups, active } = collectView({ runs: RUNS, broken: [] }, OPTIONS, NONE, NOW);
    expect(active).toBe(1);
    expect(groups.map(({ active: n, bestLoss }) => [n, bestLoss])).toEqual([
      [1, 3],
      [0, 2],
    ]);
  });

  it('shows what is broken, but for a filter', () => {
    expect(collectView({ runs: RUNS, broken: BROKEN }, OPTIONS, NONE, NOW).broken).toEqual(BROKEN);
    const filtered = collectView(
      { runs: RUNS, broken: BROKEN },
      { ...OPTIONS, filter: 'loss<2.6' },
      NONE,
      NOW,
    );
    expect([filtered.matching, filtered.total, filtered.broken.length]).toEqual([2, 4, 0]);
  });

  it('shows a page of many runs, and the rest when asked', () => {
    const many = Array.from({ length: PAGE * 3 }, (_, n) => run(n));
    const first = collectView({ runs: many, broken: [] }, OPTIONS, NONE, NOW).groups[0];
    expect([first?.shown.length, first?.hidden]).toEqual([PAGE, PAGE * 2]);
    const key = first?.key ?? '';
    const more = collectView({ runs: many, broken: [] }, OPTIONS, new Map([[key, PAGE * 2]]), NOW).groups[0];
    expect([more?.shown.length, more?.hidden]).toEqual([PAGE * 2, PAGE]);
    const last = makeElements(collectView({ runs: many, broken: [] }, OPTIONS, NONE, NOW))[0];
    expect(last?.kind === 'group' ? last.children.at(-1)?.kind : '').toBe('more');
  });

  it('draws only the rows anew whose words have changed, while it is the same rows', () => {
    const before = collectView({ runs: RUNS, broken: [] }, OPTIONS, NONE, NOW);
    const elements = makeElements(before);
    const next = RUNS.map((one, i) => (i === 0 ? { ...one, step: 5 } : one));
    const after = collectView({ runs: next, broken: [] }, OPTIONS, NONE, NOW);
    expect(fit(elements, after)).toBe(true);
    const changed = updateElements(elements, after);
    expect(changed.map((element) => (element.kind === 'run' ? element.run.step : element.kind))).toEqual([5]);
    const fewer = collectView({ runs: RUNS.slice(1), broken: [] }, OPTIONS, NONE, NOW);
    expect(fit(elements, fewer)).toBe(false);
    const turned = collectView({ runs: [...RUNS].reverse(), broken: [] }, OPTIONS, NONE, NOW);
    expect(fit(elements, turned)).toBe(false);
    expect(fit(elements, { ...before, broken: BROKEN })).toBe(false);
    const broken = makeElements({ ...before, broken: BROKEN });
    expect(fit(broken, { ...before, broken: BROKEN.map((one) => ({ ...one })) })).toBe(true);
    expect(fit(broken, { ...before, broken: BROKEN.map((one) => ({ ...one, why: 'another' })) })).toBe(false);
  });

  it('remembers only what can be', () => {
    expect(decodeViewOptions({ filter: 'loss<', grouping: 'moon', order: 3 })).toEqual(OPTIONS);
    const kept = { filter: 'loss<2', grouping: 'day', order: 'name' } as const;
    expect(decodeViewOptions(kept)).toEqual(kept);
  });
});

describe('what the menus ask of a row', () => {
  it.each([
    ['running', 5, 'run active unstarred'],
    ['done', 5, 'run exportable unstarred'],
    ['stopped', 5, 'run resumable exportable unstarred'],
    ['failed', 0, 'run resumable unstarred'],
  ] as const)('of a %s run', (status, step, expected) => {
    expect(contextValue(summaryOf({ status, step }))).toBe(expected);
  });

  it('of one with a star', () => {
    expect(contextValue(summaryOf({ starred: true }))).toMatch(/\bstarred\b/u);
    expect(contextValue(summaryOf({ starred: true }))).not.toMatch(/\bunstarred\b/u);
  });
});

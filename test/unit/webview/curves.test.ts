import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CurveRun, CurvesPatch, RunFrame } from '../../../src/protocol/panels/curves';
import { decodeSavedCurves } from '../../../src/protocol/panels/curves';
import { factsOf, progressText } from '../../../webview/curves/facts';
import { tableRows } from '../../../webview/curves/tableRows';
import { emptyText } from '../../../webview/curves/empty';
import { figuresOf } from '../../../webview/curves/figures';
import { distinctNames } from '../../../src/protocol/panels/runNames';
import { clampRange, movedRange } from '../../../webview/kit/range';
import { readingsAt } from '../../../webview/kit/readings';
import {
  applyPatch,
  changeView,
  extentOf,
  headRun,
  initialState,
  lookOf,
  savedOf,
  type State,
} from '../../../webview/curves/state';

function run(folder: string, more: Partial<CurveRun> = {}): CurveRun {
  return {
    folder,
    id: folder,
    label: folder,
    experiment: 'e',
    status: 'done',
    shown: true,
    active: false,
    resumable: false,
    model: 'm',
    method: 'lora',
    rank: '8',
    step: 3,
    read: 1,
    ...more,
  };
}

function frame(folder: string, ys = [3, 2, 100]): RunFrame {
  const point = (index: number) => ({ x: index + 1, y: ys[index] ?? NaN, step: index + 1 });
  const lowest = ys.indexOf(Math.min(...ys));
  return {
    folder,
    extent: [1, ys.length],
    phases: [],
    series: [
      {
        split: 'train',
        metric: 'loss',
        xs: Float64Array.from(ys, (_, index) => index + 1),
        ys: Float64Array.from(ys),
        count: ys.length,
        last: point(ys.length - 1),
        lowest: point(lowest),
        highest: point(ys.indexOf(Math.max(...ys))),
        bounds: [2, 3],
      },
    ],
  };
}

function patch(more: Partial<CurvesPatch> = {}): CurvesPatch {
  return {
    list: { source: '/e.tune.yaml', pinned: false, added: [], removed: [], choices: {} },
    order: ['a', 'b'],
    runs: [run('a'), run('b', { active: true, status: 'running' })],
    look: 0,
    frames: [frame('a'), frame('b')],
    ...more,
  };
}

const MARK = { colour: '#3794ff', dash: [], point: 'circle' } as const;
const MARKS = new Map([
  ['a', MARK],
  ['b', MARK],
]);
const loaded = (): State => applyPatch(initialState(undefined), patch());

describe('the state', () => {
  it('takes patches in, and forgets what is no longer listed or shown', () => {
    const state = loaded();
    expect([...state.runs.keys()]).toEqual(['a', 'b']);
    expect(headRun(state)?.folder).toBe('b');
    const hidden = applyPatch(state, patch({ runs: [run('a', { shown: false })], frames: [] }));
    expect([...hidden.frames.keys()]).toEqual(['b']);
    const gone = applyPatch(state, patch({ order: ['a'], runs: [], frames: [] }));
    expect([...gone.runs.keys()]).toEqual(['a']);
  });

  it('leaves aside points that were asked for by an earlier look', () => {
    const state = changeView(loaded(), { smoothing: 0.5 });
    expect(state.look).toBe(1);
    const late = applyPatch(state, patch({ frames: [frame('a', [9])] }));
    expect(late.frames.get('a')?.series[0]?.count).toBe(3);
    expect(
      applyPatch(state, patch({ look: 1, frames: [frame('a', [9])] })).frames.get('a')?.series[0]?.count,
    ).toBe(1);
  });

  it('asks anew only where other points are needed', () => {
    const state = loaded();
    expect(changeView(state, { logY: true, clip: true, table: true }).look).toBe(0);
    expect(changeView(state, { range: [1, 2] }).look).toBe(1);
    expect(lookOf(changeView(state, { charts: { loss: false } })).hidden).toContain('loss');
    expect(lookOf(state).hidden).toEqual(['input_tokens', 'seconds', 'tokens']);
  });

  it('forgets the range with another experiment', () => {
    const zoomed = changeView(loaded(), { range: [1, 2] });
    const other = { source: '/f.tune.yaml', pinned: false, added: [], removed: [], choices: {} };
    expect(applyPatch(zoomed, patch({ list: other })).view.range).toBeNull();
    expect(applyPatch(zoomed, patch()).view.range).toEqual([1, 2]);
  });

  it('comes back from what was written down, and from nothing else', () => {
    const saved = savedOf(changeView(loaded(), { x: 'tokens', logY: true }));
    const back: unknown = JSON.parse(JSON.stringify(saved));
    expect(decodeSavedCurves(back)).toEqual(saved);
    expect(initialState(decodeSavedCurves(back)).view).toEqual(
      changeView(loaded(), { x: 'tokens', logY: true }).view,
    );
    expect(decodeSavedCurves({ ...saved, version: 2 })).toBeUndefined();
    expect(decodeSavedCurves(undefined)).toBeUndefined();
  });

  it('says what to do where there is nothing to see', () => {
    expect(emptyText(initialState(undefined))).toContain('Reading');
    expect(emptyText(loaded())).toBe('');
    const none = applyPatch(initialState(undefined), patch({ order: [], runs: [], frames: [] }));
    expect(emptyText(none)).toContain('not been run yet');
    const listed = (added: string[]) =>
      emptyText({ ...none, list: { pinned: false, added, removed: [], choices: {} } });
    expect(listed([])).toContain('Open an experiment file');
    expect(listed(['/work/runs/a'])).toContain('folders were removed');
    const hidden = patch({ runs: [run('a', { shown: false }), run('b', { shown: false })], frames: [] });
    expect(emptyText(applyPatch(initialState(undefined), hidden))).toContain('hidden');
    const early = patch({ frames: [], runs: [run('a', { active: true }), run('b')] });
    expect(
      emptyText(
        applyPatch(initialState(undefined), { ...early, frames: [{ folder: 'a', phases: [], series: [] }] }),
      ),
    ).toContain('after the first step');
  });
});

describe('the names of runs', () => {
  const now = new Date(2026, 10, 25, 12, 0);
  const at = (day: number, hour: number, minute: number): number =>
    new Date(2026, 10, day, hour, minute).getTime();
  const named = (...runs: Partial<CurveRun>[]): string[] =>
    distinctNames(
      runs.map((more, index) => ({ ...run(`/runs/${index}`), ...more })),
      now,
    );

  it('are the labels where these are enough', () => {
    expect(named({ label: 'tiny' }, { label: 'long' })).toEqual(['tiny', 'long']);
  });

  it('say when the runs of one label were started, and how their ids end where that is equal', () => {
    expect(
      named(
        { label: 'tiny', started: at(25, 9, 5), id: 'x-aaaa' },
        { label: 'tiny', started: at(24, 23, 52), id: 'x-bbbb' },
        { label: 'tiny', started: at(24, 23, 52), id: 'x-cccc' },
        { label: 'long', started: at(24, 23, 52) },
      ),
    ).toEqual(['tiny · 09:05', 'tiny · Nov 24 23:52 · bbbb', 'tiny · Nov 24 23:52 · cccc', 'long']);
    expect(named({ label: 'tiny' }, { label: 'tiny', started: at(25, 9, 5) })).toEqual([
      'tiny',
      'tiny · 09:05',
    ]);
  });

  it('are all different, whatever the labels, times and ids are', () => {
    const word = fc.constantFrom('', 'a', 'b', 'a · 09:05', 'a · 09:05 · a');
    const some = fc.record({
      label: word,
      id: word,
      started: fc.constantFrom(undefined, at(25, 9, 5), at(24, 9, 5)),
    });
    fc.assert(
      fc.property(fc.array(some), (runs) => {
        const names = distinctNames(
          runs.map((one, index) => ({ ...one, folder: `/runs/${index}` })),
          now,
        );
        expect(new Set(names).size).toBe(runs.length);
      }),
    );
  });

  it('stand wherever a run is named', () => {
    const twins = [run('a', { label: 'tiny', id: '1-aaaa' }), run('b', { label: 'tiny', id: '1-bbbb' })];
    const state = applyPatch(initialState(undefined), patch({ runs: twins }), now);
    const names = ['tiny · aaaa', 'tiny · bbbb'];
    const [figure] = figuresOf(state, MARKS);
    expect(figure?.lines.map(({ label }) => label)).toEqual(names);
    for (const name of names) expect(figure?.description).toContain(`${name}: 3 values`);
    expect(tableRows(state).map((row) => row.run)).toEqual(names);
    // One that is alone again needs no more than its label.
    const alone = applyPatch(state, patch({ order: ['a'], runs: [], frames: [] }), now);
    expect(alone.runs.get('a')?.name).toBe('tiny');
  });
});

describe('the figures', () => {
  it('leave outliers out of the y axis when they are told to', () => {
    const [whole] = figuresOf(loaded(), MARKS);
    const [clipped] = figuresOf(changeView(loaded(), { clip: true }), MARKS);
    expect(whole?.y.max).toBeGreaterThan(100);
    expect(clipped?.y.max).toBeLessThan(4);
    expect(clipped?.y.min).toBeGreaterThan(1.5);
  });

  it('fit the y axis to what is seen', () => {
    const [figure] = figuresOf(changeView(loaded(), { range: [1, 2] }), MARKS);
    expect(figure?.y.max).toBeLessThan(4);
    expect(figure?.x).toMatchObject({ min: 1, max: 2 });
  });

  it('mark the best and the last value', () => {
    const [figure] = figuresOf(loaded(), MARKS);
    expect(figure?.notes.map(({ kind, x, text }) => [kind, x, text])).toEqual([
      ['best', 2, 'best 2'],
      ['last', 3, '100'],
      ['best', 2, 'best 2'],
      ['last', 3, '100'],
    ]);
  });

  it('draw the phases of the run that the header tells of', () => {
    const phases = [
      { name: 'all', from: 0, trainable: 10 },
      { name: 'core', from: 2, trainable: 1 },
    ];
    const [figure] = figuresOf(applyPatch(loaded(), patch({ frames: [{ ...frame('b'), phases }] })), MARKS);
    expect(figure?.bands).toEqual([
      { from: 0, to: 2, label: 'all' },
      { from: 2, to: 3, label: 'core' },
    ]);
  });

  it('are read at a place, where a line reaches', () => {
    const [figure] = figuresOf(loaded(), MARKS);
    if (figure === undefined) throw new Error('there is no figure');
    expect(readingsAt(figure, 1.9).map(({ owner, x, y }) => [owner, x, y])).toEqual([
      ['a', 2, 2],
      ['b', 2, 2],
    ]);
    expect(readingsAt(figure, 50)).toEqual([]);
  });
});

describe('a range', () => {
  it('is zoomed around its middle, moved, and held within the whole', () => {
    expect(movedRange(null, [0, 100], { zoom: 0.5 })).toEqual([25, 75]);
    expect(movedRange([25, 75], [0, 100], { move: 0.2 })).toEqual([35, 85]);
    expect(movedRange([60, 90], [0, 100], { move: 1 })).toEqual([70, 100]);
    expect(movedRange([25, 75], [0, 100], { zoom: 4 })).toBeNull();
  });

  it('is a matter of powers on a logarithmic axis', () => {
    const [from, to] = movedRange(null, [1, 10_000], { zoom: 0.5, log: true }) ?? [];
    expect(from).toBeCloseTo(10, 9);
    expect(to).toBeCloseTo(1000, 6);
  });

  it('that is everything or nothing is none', () => {
    expect(clampRange([-5, 200], [0, 100])).toBeNull();
    expect(clampRange([50, 40], [0, 100])).toBeNull();
    expect(clampRange([50, 200], [0, 100])).toEqual([50, 100]);
    expect(extentOf(loaded())).toEqual([1, 3]);
  });
});

describe('the header', () => {
  it('lists what is known, and no more', () => {
    const facts = factsOf(run('a', { trainable: 4_884_480, device: 'cpu', deviceReason: 'no GPU' }));
    expect(facts.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Model: m',
      'Method: lora, rank 8',
      'Trained: 4.88M',
      'Device: cpu',
    ]);
    expect(facts.at(-1)?.reason).toBe('no GPU');
  });

  it('says how far a run has come, and for how long it goes on', () => {
    const active = run('a', { active: true, step: 380, totalSteps: 600, started: 0, secondsLeft: 90 });
    expect(progressText(active, 200_000)).toBe(
      'Step 380 of 600 · 3 min 20 s so far · about 1 min 30 s to go',
    );
    expect(progressText(run('a', { started: 0, ended: 61_000 }), 9e9)).toBe('Step 3 · 1 min 1 s');
  });
});

describe('the table', () => {
  it('has the last, the best and the extreme values of what is shown', () => {
    expect(tableRows(loaded())[0]).toEqual({
      run: 'a',
      metric: 'Loss, train',
      cells: ['100', '3', '2', '2', '2', '100', '3'],
    });
    expect(tableRows(changeView(loaded(), { charts: { loss: false } }))).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  SpectraModule,
  SpectraPatch,
  Spectrum,
  Timeline,
} from '../../../../src/protocol/panels/spectra';
import { heatMap, readoutOf } from '../../../../webview/spectra/heatMap';
import { curvesOf, keptText, screeFigure } from '../../../../webview/spectra/curves';
import { lossStrip } from '../../../../webview/spectra/lossStrip';
import { Player } from '../../../../webview/spectra/player';
import {
  applyPatch,
  initialState,
  mapMeasure,
  mapSet,
  measuredBy,
  savedOf,
  type State,
} from '../../../../webview/spectra/state';
import { chosenStep, lossTexts, shownStep, stayOf, steppedTo } from '../../../../webview/spectra/timeline';
import { markOf } from '../../../../webview/kit/palette';
import { changeOf, decoderModules, powerLaw } from '../../../support/spectraModel';

const MODULES = decoderModules(1, 32, 4);
const FIRST: SpectraModule = MODULES[0] ?? { path: '', kind: '', shape: [1, 1] };
const THEME = {
  background: '#ffffff',
  foreground: '#333333',
  muted: '#666666',
  grid: '#cccccc',
  focus: '#005fb8',
  series: ['#1a85ff'],
  font: 'sans-serif',
  highContrast: false,
};
const TIMELINE: Timeline = {
  set: 'training',
  run: 'try',
  live: false,
  steps: Float64Array.of(0, 50, 100, 150),
  train: { xs: Float64Array.of(1, 75, 150), ys: Float64Array.of(3, 2, 1) },
  eval: { xs: Float64Array.of(0, 50, 100, 150), ys: Float64Array.of(3.5, 2.5, 2, 1.5) },
  ranges: { stableRank: [1, 3], sigma: [0.01, 0.8] },
  reach: { [FIRST.path]: [1e-3, 0.8] },
};

function patch(
  change: Spectrum,
  kind: 'experiment' | 'run' = 'experiment',
  more: Partial<SpectraPatch> = {},
) {
  return {
    view: {
      id: 1,
      subject: { kind, path: '/work/a.tune.yaml' },
      name: 'a',
      status: 'done' as const,
      modules: MODULES,
      sets: [
        { key: 'base', name: 'base', of: 'weights' as const },
        { key: 'training', name: 'ΔW of try', of: 'change' as const },
      ],
      step: 150,
    },
    spectra: [powerLaw(FIRST, 1), change],
    timeline: TIMELINE,
    ...more,
  } satisfies SpectraPatch;
}

const CHANGE = changeOf(FIRST, 1, 4, 'training');
const NONE: Spectrum = {
  ...CHANGE,
  values: Float64Array.of(0, 0),
  frobenius: 0,
  measures: { stableRank: 0 },
};
const state = (change = CHANGE, kind: 'experiment' | 'run' = 'experiment'): State =>
  applyPatch(initialState(undefined), patch(change, kind));
const curves = (of: State) =>
  curvesOf(of, new Map(of.look.chosen.map((path) => [path, markOf(0, THEME.series, THEME.background)])));

describe('the step that is shown', () => {
  it('is the last, however many come, until another is chosen', () => {
    const now = state();
    expect(shownStep(now)).toBe(150);
    const chosen = { ...now, look: { ...now.look, step: chosenStep(TIMELINE, 100) } };
    expect(shownStep(chosen)).toBe(100);
    const more = { ...TIMELINE, steps: Float64Array.of(0, 50, 100, 150, 200) };
    expect(shownStep(applyPatch(chosen, patch(CHANGE, 'experiment', { timeline: more })))).toBe(100);
    expect(shownStep(applyPatch(now, patch(CHANGE, 'experiment', { timeline: more })))).toBe(200);
    expect(chosenStep(TIMELINE, 150)).toBeNull();
    expect(shownStep(initialState(undefined))).toBeUndefined();
  });

  it('is forgotten with its subject, and comes back after a reload', () => {
    const chosen = { ...state(), look: { ...state().look, step: 50 } };
    const other = patch(CHANGE);
    expect(applyPatch(chosen, { ...other, view: { ...other.view, id: 2 } }).look.step).toBeNull();
    const again = applyPatch(initialState(savedOf(chosen)), patch(CHANGE));
    expect(again.look.step).toBe(50);
  });

  it('is moved by the keys of a slider', () => {
    expect(steppedTo(TIMELINE, 50, 'ArrowRight')).toBe(100);
    expect(steppedTo(TIMELINE, 0, 'ArrowDown')).toBe(0);
    expect(steppedTo(TIMELINE, 150, 'Home')).toBe(0);
    expect(steppedTo(TIMELINE, 0, 'PageUp')).toBe(100);
    expect(steppedTo(TIMELINE, 0, 'End')).toBe(150);
    expect(steppedTo(TIMELINE, 0, 'x')).toBeUndefined();
  });

  it('is told with the losses there', () => {
    expect(lossTexts(TIMELINE, 75)).toEqual(['training loss 2']);
    expect(lossTexts(TIMELINE, 50)).toEqual(['evaluation loss 2.5']);
    expect(lossTexts(TIMELINE, 150)).toEqual(['training loss 1', 'evaluation loss 1.5']);
  });

  it('stays longer where nothing may move', () => {
    expect(stayOf(TIMELINE, true)).toBeGreaterThan(stayOf(TIMELINE, false));
    const many = { ...TIMELINE, steps: Float64Array.from({ length: 500 }, (_, step) => step) };
    expect(stayOf(many, false)).toBeLessThan(stayOf(TIMELINE, false));
  });
});

describe('what a run changed', () => {
  it('is what the map of a run shows, by a measure of its own', () => {
    expect(mapSet(state())?.key).toBe('base');
    const run = state(CHANGE, 'run');
    expect(mapSet(run)?.key).toBe('training');
    expect(mapMeasure(run)).toBe('stableRank');
    const by = measuredBy(run, 'sigma');
    expect([by.look.measure, by.look.changeMeasure]).toEqual(['energy', 'sigma']);
  });

  it('has the colours and the axes of all its steps', () => {
    const run = state(CHANGE, 'run');
    expect(heatMap(run, THEME).range).toEqual([1, 3]);
    const { y } = screeFigure(run, curves(run));
    const small = { ...CHANGE, values: CHANGE.values.map((value) => value / 50) };
    const early = state(small, 'run');
    expect(screeFigure(early, curves(early)).y.max).toBe(y.max);
    expect(curves(run).map(({ name }) => name)).toContain('layer 0, q_proj · ΔW of try, step 150');
  });

  it('is said to be none before the first step, and not drawn', () => {
    const run = state(NONE, 'run');
    const cell = heatMap(run, THEME).cells.get(FIRST.path);
    expect(cell?.label).toBe('layer 0, q_proj, stable rank: no change');
    expect(cell?.marks).toContain('unchanged');
    expect(readoutOf(run, FIRST).at(-1)).toBe('no change');
    const drawn = curves(run);
    expect(screeFigure(run, drawn).lines.every(({ label }) => !label.includes('ΔW'))).toBe(true);
    const change = drawn.find(({ set }) => set.of === 'change');
    expect(change === undefined ? '' : keptText(run, change).main).toBe('no change');
  });

  it('goes when another run’s comes', () => {
    const run = state(CHANGE, 'run');
    const next = applyPatch(run, { ...patch(CHANGE, 'run'), spectra: [] });
    expect([...next.spectra.values()].map(({ set }) => set)).toEqual(['base']);
    const none = { ...TIMELINE, steps: new Float64Array() };
    expect(applyPatch(run, patch(CHANGE, 'run', { timeline: none })).timeline).toBeUndefined();
  });
});

describe('the strip of the losses', () => {
  const strip = lossStrip(TIMELINE, { width: 450, height: 84 });

  it('holds all points, and puts steps where they are', () => {
    expect(strip.points).toHaveLength(4);
    for (const { left, top } of strip.points) {
      expect(left).toBeGreaterThanOrEqual(strip.place(0));
      expect(left).toBeLessThanOrEqual(450);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top).toBeLessThanOrEqual(84);
    }
    expect(strip.ticks).toEqual([0, 50, 100, 150].map(strip.place));
    expect([strip.high, strip.low]).toEqual(['3.5', '1']);
    expect(strip.train).toMatch(/^M[\d.]+ [\d.]+(?:L[\d.]+ [\d.]+){2}$/u);
  });

  it('finds the step that is nearest to a place', () => {
    expect(strip.stepAt(0)).toBe(0);
    expect(strip.stepAt(strip.place(60))).toBe(50);
    expect(strip.stepAt(9999)).toBe(150);
  });

  it('is drawn also where there is one step, or no loss', () => {
    const bare = { xs: new Float64Array(), ys: new Float64Array() };
    const one = lossStrip(
      { ...TIMELINE, steps: Float64Array.of(50), train: bare, eval: bare },
      { width: 1, height: 84 },
    );
    expect([one.train, one.high]).toEqual(['', '']);
    expect(Number.isFinite(one.place(50))).toBe(true);
  });
});

describe('a player', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function start(at: number) {
    const shown: number[] = [];
    let step = at;
    let answer: () => Promise<unknown> = () => Promise.resolve();
    const player = new Player({
      next: () => TIMELINE.steps.find((one) => one > step),
      first: () => TIMELINE.steps[0],
      show: (next) => {
        step = next;
        shown.push(next);
        return answer();
      },
      stay: () => 100,
      changed: () => undefined,
    });
    return {
      player,
      shown,
      answers: (next: typeof answer): void => {
        answer = next;
      },
    };
  }

  it('plays to the last step and stops; from there it begins again', async () => {
    const { player, shown } = start(50);
    player.toggle();
    expect(player.playing).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown).toEqual([100, 150]);
    expect(player.playing).toBe(false);
    player.toggle();
    await vi.advanceTimersByTimeAsync(150);
    expect(shown.slice(2)).toEqual([0, 50]);
    player.toggle();
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown).toHaveLength(4);
  });

  it('waits for what is slow, and ends where a step cannot be shown', async () => {
    const { player, shown, answers } = start(0);
    answers(() => new Promise((resolve) => setTimeout(resolve, 500)));
    player.toggle();
    await vi.advanceTimersByTimeAsync(550);
    expect(shown).toEqual([50]);
    answers(() => Promise.reject(new Error('gone')));
    await vi.advanceTimersByTimeAsync(100);
    expect(shown).toEqual([50, 100]);
    expect(player.playing).toBe(false);
  });

  it('does not go on by itself where it was paused while a step was on its way', async () => {
    const { player, shown, answers } = start(0);
    answers(() => new Promise((resolve) => setTimeout(resolve, 500)));
    player.toggle();
    player.pause();
    await vi.advanceTimersByTimeAsync(2000);
    expect(shown).toEqual([50]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSavedSpectra,
  type SpectraModule,
  type SpectraPatch,
  type Spectrum,
} from '../../../../src/protocol/panels/spectra';
import { markOf } from '../../../../webview/kit/palette';
import { curvesOf, keptText, screeFigure, wholeRange } from '../../../../webview/spectra/curves';
import { energiesOf, energyAt, rankKeeping } from '../../../../webview/spectra/energy';
import { heatMap, middleOf, readoutOf, shareOf } from '../../../../webview/spectra/heatMap';
import { measuresOf } from '../../../../webview/spectra/measures';
import {
  applyPatch,
  cutOf,
  initialState,
  opened,
  savedOf,
  type State,
  toggled,
} from '../../../../webview/spectra/state';
import { steppedRank } from '../../../../webview/spectra/steps';
import { energyTable, listedRanks, measureTable } from '../../../../webview/spectra/tableRows';
import { stateText } from '../../../../webview/spectra/texts';
import type { Theme } from '../../../../webview/kit/themeColours';
import { changeOf, decoderModules, powerLaw } from '../../../support/spectraModel';

const THEME: Theme = {
  background: '#1f1f1f',
  foreground: '#cccccc',
  muted: '#999999',
  grid: '#454545',
  focus: '#0078d4',
  series: ['#3794ff', '#d18616'],
  font: 'sans-serif',
  highContrast: false,
};

const LAYERS = 2;
const MODULES = decoderModules(LAYERS, 32, 4);

function moduleAt(index: number): SpectraModule {
  const module = MODULES[index];
  if (module === undefined) throw new Error('there is no such module');
  return module;
}

function patch(spectra: Spectrum[], more: Partial<SpectraPatch['view']> = {}): SpectraPatch {
  return {
    view: {
      id: 1,
      subject: { kind: 'experiment', path: '/work/a.tune.yaml' },
      name: 'a',
      status: 'done',
      modules: MODULES,
      sets: [{ key: 'base', name: 'base', of: 'weights' }],
      adapter: { method: 'lora', rank: 4 },
      ...more,
    },
    spectra,
  };
}

const ALL = MODULES.map((module) => powerLaw(module, LAYERS));
const state = (more: Partial<State> = {}): State => ({
  ...applyPatch(initialState(undefined), patch(ALL)),
  ...more,
});

function curves(of: State) {
  return curvesOf(
    of,
    new Map(of.look.chosen.map((path, slot) => [path, markOf(slot, THEME.series, THEME.background)])),
  );
}

describe('the energy', () => {
  const spectrum: Spectrum = {
    path: 'p',
    set: 'base',
    values: Float64Array.of(4, 3),
    frobenius: 5,
    errorBound: 0,
    exact: true,
    measures: {},
  };

  it('adds up to all that there is', () => {
    expect([...energiesOf(spectrum)]).toEqual([0.64, 1]);
    expect(energyAt(spectrum, 0)).toBe(0);
    expect(energyAt(spectrum, 1)).toBe(0.64);
    // Nothing is left beyond the last value.
    expect(energyAt(spectrum, 7)).toBe(1);
  });

  it('is not known beyond the values that are', () => {
    const top = { ...spectrum, values: Float64Array.of(4) };
    expect(energyAt(top, 1)).toBe(0.64);
    expect(energyAt(top, 2)).toBeUndefined();
    expect(rankKeeping(top, 0.9)).toBeUndefined();
  });

  it('names the least rank that keeps a share', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (share) => {
        for (const one of ALL) {
          const rank = rankKeeping(one, share) ?? NaN;
          expect(energyAt(one, rank)).toBeGreaterThanOrEqual(share - 1e-9);
          expect(energyAt(one, rank - 1)).toBeLessThan(share);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the state of the page', () => {
  it('shows the first spectrum until modules are chosen, and no other then', () => {
    const second = ALL[1];
    if (second === undefined) throw new Error('there is no spectrum');
    let now = applyPatch(initialState(undefined), patch([second]));
    expect(now.look.chosen).toEqual([second.path]);
    now = applyPatch(now, patch(ALL));
    expect(now.look.chosen).toEqual([second.path]);
    now = toggled(now, second.path);
    expect(applyPatch(now, patch(ALL)).look.chosen).toEqual([]);
    expect(opened(now, moduleAt(3).path).look.chosen).toEqual([moduleAt(3).path]);
  });

  it('forgets the spectra of another subject, and the modules that it lacks', () => {
    const now = opened(state(), moduleAt(3).path);
    const other = applyPatch(now, patch([], { id: 2, modules: MODULES.slice(0, 2) }));
    expect(other.spectra.size).toBe(0);
    expect(other.look.chosen).toEqual([]);
  });

  it('keeps what is tried out until the experiment says another rank', () => {
    const tried = state({ cut: 7 });
    expect(cutOf(tried, moduleAt(0))).toBe(7);
    expect(applyPatch(tried, patch([])).cut).toBe(7);
    expect(applyPatch(tried, patch([], { adapter: { method: 'lora', rank: 7 } })).cut).toBeNull();
    // What is written late does not take back what has been tried out since.
    const late = applyPatch(state({ cut: 9, asked: 7 }), patch([], { adapter: { method: 'lora', rank: 7 } }));
    expect(late).toMatchObject({ cut: 9, asked: null });
    expect(applyPatch(late, patch([], { adapter: { method: 'lora', rank: 5 } })).cut).toBeNull();
  });

  it('cuts where the module says, else the experiment, else in a usual place; never beyond the matrix', () => {
    const { path, kind, shape } = moduleAt(0);
    const free = { path, kind, shape };
    expect(cutOf(state(), moduleAt(0))).toBe(4);
    expect(cutOf(state(), free)).toBe(4);
    const { view, spectra } = patch([]);
    const { adapter, ...rest } = view;
    expect(adapter?.rank).toBe(4);
    const plain = applyPatch(initialState(undefined), { view: rest, spectra });
    expect(cutOf(plain, free)).toBe(16);
    expect(cutOf(state({ cut: 1000 }), moduleAt(0))).toBe(32);
  });

  it('comes back from what was written down', () => {
    const now = opened(state(), moduleAt(3).path);
    const saved = decodeSavedSpectra(JSON.parse(JSON.stringify(savedOf(now))));
    expect(saved?.subject).toEqual({ kind: 'experiment', path: '/work/a.tune.yaml' });
    expect(initialState(saved).look).toEqual(now.look);
    expect(decodeSavedSpectra({ ...savedOf(now), version: 1 })).toBeUndefined();
    expect(decodeSavedSpectra({ ...savedOf(now), measure: 'other' })).toBeUndefined();
  });
});

describe('the map', () => {
  it('colours each module by its value, and names it for those who hear it', () => {
    const { cells, range } = heatMap(state(), THEME);
    expect(cells.size).toBe(14);
    expect(cells.get(moduleAt(0).path)?.label).toMatch(/^layer 0, q_proj, energy at 4: \d+ %$/u);
    expect(range?.[0]).toBeLessThan(range?.[1] ?? 0);
    const colours = new Set([...cells.values()].map(({ colour }) => colour));
    expect(colours.size).toBeGreaterThan(8);
    expect(colours.has(undefined)).toBe(false);
  });

  it('says what is not there, not known, and approximate', () => {
    const rough = powerLaw(moduleAt(0), LAYERS, { top: 8 });
    const now = applyPatch(initialState(undefined), patch([rough]));
    const label = (measure: State['look']['measure'], index: number): string | undefined =>
      heatMap({ ...now, look: { ...now.look, measure } }, THEME).cells.get(moduleAt(index).path)?.label;
    expect(label('energy', 1)).toBe('layer 0, k_proj, energy at 4: not there yet');
    expect(label('effectiveRank', 0)).toBe('layer 0, q_proj, effective rank: not known');
    expect(label('stableRank', 0)).toMatch(/^layer 0, q_proj, stable rank: [\d.]+, approximate$/u);
    expect(readoutOf(now, moduleAt(0)).at(-1)).toBe('approximate: the top 8 values, each within 0.012');
    expect(readoutOf(now, moduleAt(1))).toEqual(['16 × 32', 'rank 4', 'not there yet']);
  });

  it('puts values into their range, also by powers of ten, and one alone into the middle', () => {
    expect(shareOf(3, [1, 5], false)).toBe(0.5);
    expect(shareOf(10, [1, 100], true)).toBeCloseTo(0.5, 12);
    expect(shareOf(2, [2, 2], true)).toBe(0.5);
    expect(middleOf([1, 100], true)).toBe(10);
    expect(middleOf([1, 5], false)).toBe(3);
  });

  it('offers what a change lies like only where there is one', () => {
    expect(measuresOf({ key: 'base', name: 'base', of: 'weights' }, ALL)).not.toContain('fresh');
    const set = { key: 'change', name: 'ΔW', of: 'change' } as const;
    const change = changeOf(moduleAt(0), LAYERS, 4);
    expect(measuresOf(set, [...ALL, change])).toEqual([
      'stableRank',
      'effectiveRank',
      'sigma',
      'energy',
      'overlap',
      'fresh',
    ]);
    const { relation, ...bare } = change;
    expect(relation).toBeDefined();
    expect(measuresOf(set, [{ ...bare, measures: { live: 3 } }])).toEqual([
      'stableRank',
      'effectiveRank',
      'sigma',
      'energy',
      'live',
    ]);
  });
});

describe('the scree plot', () => {
  it('draws values on the left and shares on the right, within axes that hold them', () => {
    const now = toggled(opened(state(), moduleAt(0).path), moduleAt(5).path);
    const figure = screeFigure(now, curves(now));
    expect(figure.lines).toHaveLength(4);
    expect(figure.lines.filter(({ axis }) => axis === 'right')).toHaveLength(2);
    expect(wholeRange(now)).toEqual([1, 32]);
    expect(figure.x).toMatchObject({ min: 1, max: 32, log: true });
    const values = figure.lines.filter(({ axis }) => axis === undefined).flatMap(({ ys }) => [...ys]);
    expect(figure.y.max).toBeGreaterThan(Math.max(...values));
    expect(figure.y.min).toBeLessThan(Math.min(...values));
    expect(figure.description).toMatch(
      /layer 0, q_proj: from [\d.]+ to [\d.]+, r 4 keeps \d+ % of the energy/u,
    );
    expect(figure.rule?.x).toBe(4);
    const bare = screeFigure({ ...now, look: { ...now.look, share: false, logY: false } }, curves(now));
    expect(bare.lines).toHaveLength(2);
    expect(bare.right).toBeUndefined();
    expect(bare.y.min).toBe(0);
  });

  it('reaches no deeper than values mean something', () => {
    const values = Float64Array.of(10, 1, 1e-12);
    const deep: Spectrum = { ...powerLaw(moduleAt(0), LAYERS), values };
    const now = applyPatch(initialState(undefined), patch([deep]));
    expect(screeFigure(now, curves(now)).y.min).toBeGreaterThan(0.1);
  });

  it('tells in words what a cut keeps, and what more would take', () => {
    const now = state();
    const [curve] = curves(now);
    if (curve === undefined) throw new Error('there is no curve');
    expect(keptText(now, curve).main).toMatch(/^r 4 keeps \d+ % of the energy$/u);
    const { spectrum } = curve;
    const rank = spectrum === undefined ? undefined : rankKeeping(spectrum, 0.99);
    expect(keptText({ ...now, cut: (rank ?? 0) - 1 }, curve).more).toBe('');
    expect(keptText({ ...now, cut: 1 }, curve).more).toMatch(/^(?:50|75|90) % would take r \d+$/u);
  });

  it('shows a change with its share of new directions, and how it lies to the weight', () => {
    const module = moduleAt(0);
    const now = applyPatch(
      initialState(undefined),
      patch([powerLaw(module, LAYERS), changeOf(module, LAYERS, 4)], {
        sets: [
          { key: 'base', name: 'base', of: 'weights' },
          { key: 'change', name: 'ΔW', of: 'change' },
        ],
      }),
    );
    const [base, change] = curves(now);
    if (base === undefined || change === undefined) throw new Error('there are not two curves');
    expect(base.mark.colour).toBe(change.mark.colour);
    expect(base.mark.dash).not.toEqual(change.mark.dash);
    expect(keptText(now, change).more).toMatch(
      /top 4 directions lie in those of the weight, \d+ % of it is new/u,
    );
    expect(screeFigure(now, [base, change]).lines).toHaveLength(5);
  });
});

describe('the tables', () => {
  it('list the measures of all modules, and the energy by rank', () => {
    const now = state();
    const { head, rows } = measureTable(now);
    expect(rows).toHaveLength(14);
    for (const row of rows) expect(row).toHaveLength(head.length);
    const drawn = curves(now);
    expect(listedRanks({ ...now, cut: 5 }, drawn)).toEqual([1, 2, 4, 5, 8, 16, 32]);
    const energies = energyTable(now, drawn);
    expect(energies.rows.map(([rank]) => rank)).toEqual(['1', '2', '4, the cut', '8', '16', '32']);
    expect(energies.rows.at(-1)?.[1]).toBe('100 %');
  });
});

describe('keys of the cut', () => {
  it('lead by ones and by powers of two, and never out', () => {
    expect(steppedRank('ArrowRight', 8, 64)).toBe(9);
    expect(steppedRank('ArrowDown', 1, 64)).toBe(1);
    expect(steppedRank('PageUp', 48, 64)).toBe(64);
    expect(steppedRank('PageDown', 9, 64)).toBe(5);
    expect(steppedRank('Home', 9, 64)).toBe(1);
    expect(steppedRank('End', 9, 64)).toBe(64);
    expect(steppedRank('a', 9, 64)).toBeUndefined();
  });
});

describe('what the page says of how far it is', () => {
  it('has a way on wherever something is wanting', () => {
    const said = (status: SpectraPatch['view']['status'], more = {}) =>
      stateText(applyPatch(initialState(undefined), patch([], { status, ...more })));
    expect(said('done')).toBeUndefined();
    expect(said('empty')?.text).toContain('*.tune.yaml');
    expect(said('untrusted')?.action?.name).toBe('trust');
    expect(said('opening')?.action?.name).toBe('cancel');
    expect(said('working', { progress: { done: 3, total: 12, what: 'exact values' } })).toMatchObject({
      text: 'Exact values: 3 of 12',
      progress: 0.25,
      action: { name: 'cancel' },
    });
    expect(said('cancelled')).toMatchObject({ tone: 'plain', action: { name: 'retry', label: 'Go on' } });
    expect(said('failed', { problem: { message: 'no model', place: 'a, line 2' } })).toMatchObject({
      tone: 'error',
      text: 'no model',
      place: 'a, line 2',
      action: { name: 'retry' },
    });
  });
});

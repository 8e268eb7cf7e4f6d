import { describe, expect, it } from 'vitest';
import { decodeSavedRanks, type RankRequest, type RanksView } from '../../../../src/protocol/panels/ranks';
import type { Theme } from '../../../../webview/kit/themeColours';
import { boardTitle, cellParts, planCells, rivalCells, signed } from '../../../../webview/ranks/board';
import { boardPicture } from '../../../../webview/ranks/picture';
import {
  applyView,
  between,
  changed,
  changesText,
  initialState,
  inUnit,
  pinned,
  requestOf,
  rivalOf,
  savedOf,
  type State,
} from '../../../../webview/ranks/state';
import { tallyOf } from '../../../../webview/ranks/tally';
import { planTable, stateText } from '../../../../webview/ranks/texts';
import { totalTexts } from '../../../../webview/ranks/totalTexts';
import { rankPlanner } from '../../../support/rankPlanner';
import { decoderModules } from '../../../support/spectraModel';

const THEME: Theme = {
  background: '#ffffff',
  foreground: '#333333',
  muted: '#666666',
  grid: '#cccccc',
  focus: '#005fb8',
  series: [],
  font: 'sans-serif',
  highContrast: false,
};
const MODULES = decoderModules(3, 64);
const CANDIDATES = [4, 8, 16];
const plan = rankPlanner(MODULES, 3, CANDIDATES);
const CONFIGURED: RankRequest = {
  budget: { unit: 'rank', value: 8 },
  rule: 'equal-energy',
  min: 4,
  max: 16,
  pinned: {},
};
const RUN = plan({ ...CONFIGURED, rule: 'uniform' });
const VIEW: RanksView = {
  id: 1,
  subject: { kind: 'experiment', path: '/work/a.tune.yaml' },
  name: 'a',
  status: 'done',
  modules: MODULES,
  candidates: CANDIDATES,
  configured: CONFIGURED,
  readOnly: false,
  others: [{ key: 'run', name: 'a run', modules: RUN.modules, totals: RUN.totals }],
};
const FIRST = MODULES[0]?.path ?? '';

const state = (more: Partial<State> = {}): State => ({
  ...applyView(initialState(undefined), VIEW),
  plan: plan(CONFIGURED),
  ...more,
});

describe('what is asked for', () => {
  it('is what the experiment says, until something is changed, and again when it is changed back', () => {
    const now = state();
    expect(requestOf(now)).toEqual(CONFIGURED);
    const other = changed(now, { rule: 'uniform' });
    expect(other.request).toEqual({ ...CONFIGURED, rule: 'uniform' });
    expect(changed(other, { rule: 'equal-energy' }).request).toBeNull();
    expect(changesText(other)).toBe('Changed: rule');
    expect(changesText(now)).toBe('As in the experiment');
  });

  it('has pins, in whatever order they were set', () => {
    const one = pinned(pinned(state(), 'b', 8), 'a', 4);
    const configured = { ...CONFIGURED, pinned: { a: 4, b: 8 } };
    expect(applyView({ ...one }, { ...VIEW, modules: [], configured }).request).toBeNull();
    expect(changesText(one)).toBe('Changed: pins');
    expect(requestOf(pinned(one, 'a', undefined))?.pinned).toEqual({ b: 8 });
    // Pins of modules that are not there are forgotten.
    expect(applyView(one, VIEW).request).toBeNull();
  });

  it('lets the other end of the candidates give way', () => {
    expect(requestOf(between(state(), 'min', 16))).toMatchObject({ min: 16, max: 16 });
    expect(requestOf(between(state(), 'max', 4))).toMatchObject({ min: 4, max: 4 });
  });

  it('counts the same budget in another unit', () => {
    const now = inUnit(state(), 'parameters');
    expect(requestOf(now)?.budget).toEqual({ unit: 'parameters', value: plan(CONFIGURED).totals.trainable });
    const back = inUnit(now, 'rank');
    expect(requestOf(back)?.budget.unit).toBe('rank');
    expect(Number.isInteger(requestOf(back)?.budget.value)).toBe(true);
  });

  it('is forgotten with another subject, and kept over a reload', () => {
    const edited = changed(state({ compare: 'uniform' }), { rule: 'uniform' });
    expect(applyView(edited, { ...VIEW, id: 2 }).request).toBeNull();
    const saved = decodeSavedRanks(JSON.parse(JSON.stringify(savedOf(edited))));
    const again = applyView(initialState(saved), { ...VIEW, id: 7 });
    expect(again.request).toEqual(edited.request);
    expect(again.compare).toBe('uniform');
    expect(decodeSavedRanks({ ...savedOf(edited), version: 0 })).toBeUndefined();
  });
});

describe('the board', () => {
  it('has the rank of each module, and tells more to those who hear it', () => {
    const cells = planCells(state(), THEME);
    expect(cells.size).toBe(21);
    const rank = plan(CONFIGURED).modules[0]?.rank ?? NaN;
    expect(cells.get(FIRST)?.text).toBe(String(rank));
    expect(cells.get(FIRST)?.label).toMatch(
      /^layer 0, q_proj, rank \d+, keeps \d+ % of the energy, [\d.]+k? parameters, uniform \d+, difference [+−]?\d+$/u,
    );
    const alone = planCells(state({ plan: undefined }), THEME).get(FIRST);
    expect(alone).toMatchObject({ colour: undefined, label: 'layer 0, q_proj, not planned yet' });
  });

  it('marks what is pinned', () => {
    const now = pinned(state(), FIRST, 16);
    expect(planCells(now, THEME).get(FIRST)?.marks).toEqual(['pinned']);
    expect(cellParts(now, MODULES[0] ?? { path: '', kind: '', shape: [1, 1] })).toContain('pinned');
  });

  it('shows differences from one rank for all, and from a run', () => {
    const now = state({ compare: 'uniform' });
    const uniform = now.plan?.uniform.ranks[FIRST] ?? NaN;
    const rank = now.plan?.modules[0]?.rank ?? NaN;
    expect(planCells(now, THEME).get(FIRST)?.text).toBe(signed(rank - uniform));
    const run = state({ compare: 'run', beside: true });
    expect(planCells(run, THEME).get(FIRST)?.text).toBe(String(rank));
    const rival = rivalOf(run);
    if (rival === undefined) throw new Error('there is nothing to compare with');
    expect(rivalCells(run, rival, THEME).get(FIRST)?.label).toBe('layer 0, q_proj, a run: rank 8');
    expect(rivalOf(state({ compare: 'gone' }))).toBeUndefined();
  });

  it('counts the modules of each rank', () => {
    const counts = tallyOf(state(), THEME);
    expect(counts.map(({ rank }) => rank)).toEqual(CANDIDATES);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(21);
    expect(new Set(counts.map(({ colour }) => colour)).size).toBe(3);
  });

  it('says differences with their sign', () => {
    expect([signed(16), signed(-8), signed(0)]).toEqual(['+16', '−8', '0']);
  });
});

describe('the totals and the table', () => {
  it('stand beside one rank for all, and beside what is compared with', () => {
    const [mean, trainable, size, energy] = totalTexts(state());
    expect(mean).toMatchObject({
      name: 'Mean rank',
      against: [expect.stringMatching(/^uniform: \d+\.\d$/u)],
    });
    expect(trainable?.value).toMatch(/k$/u);
    expect(size?.value).toMatch(/ kB$/u);
    expect(energy?.value).toMatch(/^\d+(?:\.\d)? %$/u);
    expect(totalTexts(state({ compare: 'run' }))[0]?.against[1]).toMatch(/^a run: 8\.0$/u);
    expect(totalTexts(state({ plan: undefined }))).toEqual([]);
  });

  it('list every module', () => {
    const { head, rows } = planTable(state({ compare: 'run' }));
    expect(head).toContain('a run');
    expect(rows).toHaveLength(21);
    for (const row of rows) expect(row).toHaveLength(head.length);
  });
});

describe('what the page says of how far it is', () => {
  it('has a way on wherever something is wanting', () => {
    const said = (more: Partial<RanksView>, extra: Partial<State> = {}) =>
      stateText(state({ view: { ...VIEW, ...more }, ...extra }));
    expect(said({})).toBeUndefined();
    expect(said({ status: 'opening' })).toBeUndefined();
    expect(said({ status: 'opening', modules: [] })?.action?.name).toBe('cancel');
    expect(said({ status: 'untrusted' })?.action?.name).toBe('trust');
    expect(said({ status: 'working', progress: { done: 1, total: 4 } })).toMatchObject({ progress: 0.25 });
    expect(said({ status: 'cancelled' })?.action?.name).toBe('retry');
    expect(said({ status: 'failed', problem: { message: 'no model' } })?.text).toBe('no model');
    expect(said({}, { problem: 'too little' })).toEqual({ tone: 'error', text: 'too little' });
  });
});

describe('the picture of the board', () => {
  const widthOf = (svg: string): number => Number(/ width="(\d+)"/u.exec(svg)?.[1]);

  it('has the ranks with their colours, what they come to, and what stands beside them', () => {
    const svg = boardPicture(pinned(state({ compare: 'run', beside: true }), FIRST, 16), THEME);
    const [first] = plan(CONFIGURED).modules;
    for (const text of [`>${first?.rank ?? NaN}</text>`, 'rank 16 ×', 'Mean rank', '>a run</text>']) {
      expect(svg).toContain(text);
    }
    // Two boards, each with a cell a module.
    expect(svg.match(/<title>layer \d/gu)).toHaveLength(42);
    expect(widthOf(svg)).toBeGreaterThan(5 * 96);
  });

  it('has differences with the scale of their colours', () => {
    const svg = boardPicture(state({ compare: 'uniform' }), THEME);
    expect(svg).toContain('Difference from Uniform');
    expect(svg).toContain('four times');
  });
});

describe('the board of a run that has been', () => {
  const been = (): State => state({ view: { ...VIEW, readOnly: true } });

  it('lets nothing be asked for, also of what was written down', () => {
    expect(changed(been(), { rule: 'uniform' }).request).toBeNull();
    expect(pinned(been(), FIRST, 16).request).toBeNull();
    const edited = changed(state(), { rule: 'uniform' });
    expect(applyView(edited, { ...VIEW, readOnly: true }).request).toBeNull();
    expect(boardTitle(been())).toBe('Ranks of the run');
  });
});

import type { SpectraModule, SpectraSet, Spectrum } from '../../src/protocol/panels/spectra';
import type { Figure, FigureLine } from '../kit/figure';
import { formatShare, formatValue } from '../kit/format';
import { moduleName } from '../kit/moduleGrid';
import type { Mark } from '../kit/palette';
import { energiesOf, energyAt, rankKeeping } from './energy';
import { zerosText } from './heatMap';
import { chosenModules, cutOf, shownSets, spectrumOf, type State } from './state';
import { shownStep } from './timeline';

/** One spectrum that is drawn. */
export interface Curve {
  readonly module: SpectraModule;
  readonly set: SpectraSet;
  readonly spectrum: Spectrum | undefined;
  readonly name: string;
  /** What tells it from others: the colour is its module's; the dashes are its set's, where there are several. */
  readonly mark: Mark;
}

/** Dashes of the sets, in their order. */
const DASHES = [[], [7, 4], [2, 2], [9, 3, 2, 3]] as const;
/** Dashes of what is no spectrum. */
const OVERLAP_DASH = [1, 4];
/** Shares that are nearer than that are told alike. */
const CLOSE = 0.005;
/** A logarithmic axis reaches at most so far below its greatest value: below it there is only rounding. */
const DEEPEST = 1e-7;

/** The spectra that are drawn: of each chosen module, in each set that is shown. */
export function curvesOf(state: State, marks: ReadonlyMap<string, Mark>): Curve[] {
  const sets = shownSets(state);
  const chosen = chosenModules(state);
  const several = state.view.sets.length > 1;
  return chosen.flatMap((module) =>
    sets.flatMap((set): Curve[] => {
      const mark = marks.get(module.path);
      const spectrum = spectrumOf(state, set.key, module.path);
      if (mark === undefined) return [];
      const name = several ? `${moduleName(module)} · ${setName(state, set)}` : moduleName(module);
      const own = chosen.length > 1 ? mark.dash : [];
      const dash = several ? (DASHES[state.view.sets.indexOf(set) % DASHES.length] ?? []) : own;
      return [{ module, set, spectrum, name, mark: { ...mark, dash } }];
    }),
  );
}

/** What a set is called: of a run's change also after which step. */
export function setName(state: State, { key, name }: SpectraSet): string {
  const step = state.timeline?.set === key ? shownStep(state) : undefined;
  return step === undefined ? name : `${name}, step ${formatValue(step)}`;
}

/** The scree plot: singular values on the left axis, shares on the right one. */
export function screeFigure(state: State, curves: readonly Curve[]): Figure {
  const { logX, logY, share } = state.look;
  const lines = curves.flatMap((curve) => linesOf(curve, state));
  const whole = wholeRange(state);
  const [min, max] = state.range ?? whole;
  const values = lines
    .filter(({ axis }) => axis === undefined)
    .flatMap(({ ys }) => [ys[0] ?? NaN, leastOf(ys)]);
  // While steps are played the axis stays, so that the change is seen to grow.
  const reach = curves.flatMap(({ module, set }) =>
    set.key === state.timeline?.set ? (state.timeline.reach[module.path] ?? []) : [],
  );
  return {
    key: 'scree',
    title: 'Singular values',
    unit: unitText(lines, share),
    large: true,
    lines,
    notes: [],
    bands: [],
    strength: undefined,
    x: { min, max: max > min ? max : min + 1, log: logX, title: 'Index i' },
    y: { ...yRange([...values, ...reach], logY), title: 'Singular value σ' },
    ...(lines.some(({ axis }) => axis === 'right')
      ? { right: { min: 0, max: 1, title: share ? 'Share of the energy' : 'Overlap', format: formatShare } }
      : {}),
    ...ruleOf(state, curves),
    description: describe(state, curves),
  };
}

/** Which lines belong to which axis. */
function unitText(lines: readonly FigureLine[], share: boolean): string {
  const overlap = lines.some(({ dash }) => dash === OVERLAP_DASH);
  return [
    'σ: thick, left axis',
    ...(share ? ['cumulative energy: thin, right axis'] : []),
    ...(overlap ? ['overlap of ΔW with the top i directions: dots, right axis'] : []),
  ].join(' · ');
}

/** The cut of the first curve. */
function ruleOf(state: State, curves: readonly Curve[]): Pick<Figure, 'rule'> {
  const first = curves.find(({ spectrum }) => spectrum !== undefined);
  if (first === undefined) return {};
  return { rule: { x: cutOf(state, first.module), text: keptText(state, first).main } };
}

/** All of the x axis. */
export function wholeRange(state: State): [number, number] {
  const ends = chosenModules(state).map(({ shape }) => Math.min(...shape));
  return [1, Math.max(2, ...ends)];
}

function linesOf({ module, spectrum, name, mark }: Curve, { look, view }: State): FigureLine[] {
  // Of no change there is nothing to draw.
  if (spectrum === undefined || spectrum.frobenius === 0) return [];
  const { values, relation } = spectrum;
  const xs = Float64Array.from(values, (_, index) => index + 1);
  const base = { owner: module.path, colour: mark.colour, point: mark.point, points: false } as const;
  const lines: FigureLine[] = [{ ...base, label: name, dash: mark.dash, xs, ys: values }];
  if (look.share) {
    lines.push({
      ...base,
      label: `${name}, energy`,
      dash: mark.dash,
      axis: 'right',
      format: formatShare,
      xs,
      ys: energiesOf(spectrum),
    });
  }
  if (relation?.overlaps !== undefined) {
    const against = view.sets.find(({ of }) => of === 'weights')?.name ?? 'W';
    lines.push({
      ...base,
      label: `${name}, overlap with the top directions of ${against}`,
      dash: OVERLAP_DASH,
      axis: 'right',
      format: formatShare,
      xs: Float64Array.from(relation.overlaps, (_, index) => index + 1),
      ys: relation.overlaps,
    });
  }
  return lines;
}

/** The smallest value that a logarithmic axis has room for. */
function leastOf(ys: Float64Array): number {
  const floor = (ys[0] ?? 0) * DEEPEST;
  return ys.findLast((y) => y > floor) ?? NaN;
}

function yRange(values: readonly number[], log: boolean): Figure['y'] {
  const known = values.filter((value) => value > 0);
  if (known.length === 0) return log ? { min: 0.1, max: 10, log } : { min: 0, max: 1, log };
  const high = Math.max(...known);
  if (!log) return { min: 0, max: high * 1.05, log };
  const low = Math.min(...known);
  const room = low === high ? 2 : (high / low) ** 0.05;
  return { min: low / room, max: high * room, log };
}

/** What is kept of a curve at its cut, and what more would take. */
export function keptText(state: State, { module, set, spectrum }: Curve): { main: string; more: string } {
  if (spectrum === undefined) return { main: 'not there yet', more: '' };
  if (spectrum.frobenius === 0) return { main: zerosText(set), more: '' };
  const cut = cutOf(state, module);
  const kept = energyAt(spectrum, cut);
  const main =
    kept === undefined
      ? `only ${spectrum.values.length} values are known`
      : `r ${cut} keeps ${formatShare(kept)} of the energy`;
  const { relation } = spectrum;
  if (set.of === 'change' && relation !== undefined) {
    return {
      main,
      more: `${formatShare(relation.overlap)} of its top ${relation.rank} directions lie in those of the weight, ${formatShare(relation.fresh)} of it is new directions`,
    };
  }
  return { main, more: nextText(spectrum, kept) };
}

/** The round share above what is kept, and the rank that it takes. */
function nextText(spectrum: Spectrum, kept = 0): string {
  const share = [0.5, 0.75, 0.9, 0.95, 0.99].find((one) => one > kept + CLOSE);
  const rank = share === undefined ? undefined : rankKeeping(spectrum, share);
  return share === undefined || rank === undefined
    ? ''
    : `${formatShare(share)} would take r ${formatValue(rank)}`;
}

function describe(state: State, curves: readonly Curve[]): string {
  const said = curves.map((curve) => {
    const first = curve.spectrum?.values[0];
    const last = curve.spectrum?.values.at(-1);
    const range =
      first === undefined || last === undefined ? '' : `from ${formatValue(first)} to ${formatValue(last)}, `;
    return `${curve.name}: ${range}${keptText(state, curve).main}`;
  });
  return `Singular values by index. ${said.length === 0 ? 'No module is chosen' : said.join('; ')}.`;
}

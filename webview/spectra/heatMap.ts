import type { SpectraMeasure, SpectraModule, SpectraSet, Spectrum } from '../../src/protocol/panels/spectra';
import type { GridCell } from '../kit/gridCell';
import { moduleName, shapeText } from '../kit/moduleGrid';
import { amountScale, type ColourScale, inkOn } from '../kit/scale';
import type { Theme } from '../kit/themeColours';
import { MEASURES, measured, measureName, measuresOf } from './measures';
import { cutOf, mapMeasure, mapSet, spectrumOf, type State } from './state';

/** What is said of a matrix of zeros: of a change, that there is none. */
export function zerosText(set: SpectraSet | undefined): string {
  return set?.of === 'change' ? 'no change' : 'all zeros';
}

/** The cells of the map with the scale of their colours. */
export interface HeatMap {
  readonly cells: ReadonlyMap<string, GridCell>;
  readonly scale: ColourScale;
  /** The least and the greatest value; undefined where there is none. */
  readonly range: readonly [number, number] | undefined;
}

/** The chosen measure of all modules, in colours from its least to its greatest value. */
export function heatMap(state: State, theme: Theme): HeatMap {
  const { chosen } = state.look;
  const measure = mapMeasure(state);
  const { log } = MEASURES[measure];
  const scale = amountScale(theme.background);
  const values = new Map<string, number>();
  for (const module of state.view.modules) {
    const value = valueOf(state, module);
    if (value !== undefined && Number.isFinite(value)) values.set(module.path, value);
  }
  const range = rangeOf(state, measure, [...values.values()]);
  const cells = new Map(
    state.view.modules.map((module): [string, GridCell] => {
      const value = values.get(module.path);
      const colour =
        value === undefined || range === undefined ? undefined : scale(shareOf(value, range, log));
      const spectrum = spectrumIn(state, module);
      return [
        module.path,
        {
          colour,
          ink: colour === undefined ? '' : inkOn(colour),
          text: '',
          label: cellLabel(state, module),
          marks: spectrum === undefined ? [] : marksOf(spectrum),
          selected: chosen.includes(module.path),
        },
      ];
    }),
  );
  return { cells, scale, range };
}

/** What is marked on a cell: that its values are approximate, or that there are none to be coloured. */
function marksOf({ exact, frobenius }: Spectrum): string[] {
  return [...(exact ? [] : ['rough']), ...(frobenius === 0 ? ['unchanged'] : [])];
}

/** The ends of the colours: of a run's change those of all its steps, so that a colour means the same at each. */
function rangeOf(
  state: State,
  measure: SpectraMeasure,
  values: readonly number[],
): readonly [number, number] | undefined {
  const { timeline } = state;
  const played = timeline !== undefined && mapSet(state)?.key === timeline.set;
  const known = played ? (measure === 'energy' ? ([0, 1] as const) : timeline.ranges[measure]) : undefined;
  const all = [...values, ...(known ?? [])];
  return all.length === 0 ? undefined : [Math.min(...all), Math.max(...all)];
}

/** Where a value lies between the ends of a range, 0 to 1. */
export function shareOf(value: number, [low, high]: readonly [number, number], log: boolean): number {
  const place = log && low > 0 ? Math.log : (one: number): number => one;
  const span = place(high) - place(low);
  return span === 0 ? 0.5 : (place(value) - place(low)) / span;
}

/** The value in the middle of a range's colours. */
export function middleOf([low, high]: readonly [number, number], log: boolean): number {
  return log && low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
}

/** `layer 3, q_proj, energy at 32: 61 %`. */
function cellLabel(state: State, module: SpectraModule): string {
  const measure = mapMeasure(state);
  const name = `${moduleName(module)}, ${measureName(measure, cutOf(state, module))}`;
  const value = valueOf(state, module);
  const spectrum = spectrumIn(state, module);
  if (spectrum === undefined) return `${name}: not there yet`;
  if (spectrum.frobenius === 0 && value === undefined) return `${name}: ${zerosText(mapSet(state))}`;
  if (value === undefined) return `${name}: not known`;
  return `${name}: ${MEASURES[measure].format(value)}${spectrum.exact ? '' : ', approximate'}`;
}

/** All that is known of a module, for the line below the map. */
export function readoutOf(state: State, module: SpectraModule): string[] {
  const spectrum = spectrumIn(state, module);
  const parts = [
    shapeText(module),
    ...(module.rank === undefined ? ['not adapted'] : [`rank ${module.rank}`]),
  ];
  if (spectrum === undefined) return [...parts, 'not there yet'];
  const cut = cutOf(state, module);
  if (spectrum.frobenius === 0) return [...parts, zerosText(mapSet(state))];
  const told = measuresOf(mapSet(state), [spectrum]).flatMap((measure) => {
    const value = measured(spectrum, measure, cut);
    return value === undefined ? [] : [`${measureName(measure, cut)}: ${MEASURES[measure].format(value)}`];
  });
  return [...parts, ...told, exactness(spectrum)];
}

function exactness({ exact, errorBound, values }: Spectrum): string {
  return exact
    ? 'exact'
    : `approximate: the top ${values.length} values, each within ${Number(errorBound.toPrecision(2))}`;
}

function valueOf(state: State, module: SpectraModule): number | undefined {
  const spectrum = spectrumIn(state, module);
  return spectrum === undefined ? undefined : measured(spectrum, mapMeasure(state), cutOf(state, module));
}

function spectrumIn(state: State, { path }: SpectraModule): Spectrum | undefined {
  return spectrumOf(state, mapSet(state)?.key ?? '', path);
}

import { formatShare, formatValue } from '../kit/format';
import { moduleName, shapeText } from '../kit/moduleGrid';
import type { Curve } from './curves';
import { energyAt } from './energy';
import { MEASURES, measured, measuresOf } from './measures';
import { cutOf, mapSet, spectrumOf, type State } from './state';

/** A table: its head, and rows whose first cell is their own head. */
export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The map in words and numbers. */
export function measureTable(state: State): TableText {
  const shown = mapSet(state);
  const set = shown?.key ?? '';
  const names = measuresOf(shown, state.spectra.values());
  const head = ['Module', 'Shape', 'Rank', ...names.map((name) => MEASURES[name].title), 'Known'];
  const rows = state.view.modules.map((module) => {
    const spectrum = spectrumOf(state, set, module.path);
    const cells = names.map((name) => {
      const value = spectrum === undefined ? undefined : measured(spectrum, name, cutOf(state, module));
      return value === undefined ? '–' : MEASURES[name].format(value);
    });
    const rank = module.rank === undefined ? '–' : formatValue(cutOf(state, module));
    const known = spectrum === undefined ? 'not yet' : spectrum.exact ? 'exact' : 'approximate';
    return [moduleName(module), shapeText(module), rank, ...cells, known];
  });
  return { head, rows };
}

/** The ranks whose energy is listed: powers of two, the cuts, and the whole. */
export function listedRanks(state: State, curves: readonly Curve[]): number[] {
  const most = Math.max(0, ...curves.map(({ module }) => Math.min(...module.shape)));
  const ranks = new Set(curves.map(({ module }) => cutOf(state, module)));
  for (let rank = 1; rank < most; rank *= 2) ranks.add(rank);
  ranks.add(most);
  return [...ranks].filter((rank) => rank > 0).sort((a, b) => a - b);
}

/** The share of the energy that each rank keeps of the curves that are drawn. */
export function energyTable(state: State, curves: readonly Curve[]): TableText {
  const drawn = curves.filter(({ spectrum }) => spectrum !== undefined);
  const cuts = new Set(drawn.map(({ module }) => cutOf(state, module)));
  const rows = listedRanks(state, drawn).map((rank) => [
    `${formatValue(rank)}${cuts.has(rank) ? ', the cut' : ''}`,
    ...drawn.map(({ module, spectrum }) => {
      if (rank > Math.min(...module.shape)) return '';
      const share = spectrum === undefined ? undefined : energyAt(spectrum, rank);
      return share === undefined ? '–' : formatShare(share);
    }),
  ]);
  return { head: ['Rank r', ...drawn.map(({ name }) => name)], rows };
}

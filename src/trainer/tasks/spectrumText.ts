import type { LinearModule } from '../../engine/models/modules';
import type { Relation } from '../../engine/spectra/change/relation';
import { effectiveRank, energyShare, stableRank } from '../../engine/spectra/measures';
import { formatNumber } from '../cli/format';
import type { ModuleSpectrum } from '../spectra/moduleSpectra';

/** What is printed of one matrix. */
export interface PrintedSpectrum extends ModuleSpectrum {
  /** Of a change: how it lies to the weight, and after how many steps of a run. */
  readonly relation?: Pick<Relation, 'overlap' | 'fresh'>;
  readonly step?: number;
}

/** The ranks at which a person is told the energy. */
const SHOWN_RANKS = [8, 16, 32, 64];
/** Columns of the text form, by their width; the module's comes before them. */
const WIDTH = 10;

/** One line of the contract: values descending, the bound absolute. */
export function spectrumJson(found: PrintedSpectrum, top: number | undefined): string {
  const { module, values, frobenius, errorBound, exact, relation, step } = found;
  const line = {
    module: module.path,
    ...(relation === undefined ? {} : { of: 'change' }),
    ...(step === undefined ? {} : { step }),
    shape: [module.outputs, module.inputs],
    values: [...values.subarray(0, top)],
    frobenius,
    error_bound: errorBound,
    exact,
    ...(relation === undefined ? {} : { overlap: relation.overlap, fresh: relation.fresh }),
  };
  return `${JSON.stringify(line)}\n`;
}

const HEADS = [
  'shape',
  'sigma 1',
  'eff. rank',
  'stable',
  ...SHOWN_RANKS.map((rank) => `E(${rank})`),
  'error <',
];
/** How a change lies to the weight. */
const RELATION_HEADS = ['overlap', 'new'];

/** The text form: its first line, and a line a module. */
export function spectrumTable(
  modules: readonly LinearModule[],
  changes: boolean,
): { readonly head: string; readonly row: (found: PrintedSpectrum) => string } {
  const widest = Math.max(...modules.map(({ path }) => path.length));
  const line = (name: string, cells: readonly string[]): string =>
    `${[name.padEnd(widest), ...cells.map((text) => text.padStart(WIDTH))].join(' ').trimEnd()}\n`;
  return {
    head: line('module', changes ? [...HEADS, ...RELATION_HEADS] : HEADS),
    row: (found) => line(found.module.path, cellsOf(found)),
  };
}

function cellsOf({ module, values, frobenius, errorBound, exact, relation }: PrintedSpectrum): string[] {
  return [
    `${module.outputs}x${module.inputs}`,
    formatNumber(values[0] ?? 0),
    // Of the top values alone it cannot be told.
    exact ? effectiveRank(values).toFixed(1) : '-',
    stableRank(values, frobenius).toFixed(2),
    ...SHOWN_RANKS.map((rank) => percent(energyShare(values, frobenius, rank))),
    formatNumber(errorBound),
    ...(relation === undefined ? [] : [percent(relation.overlap), percent(relation.fresh)]),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

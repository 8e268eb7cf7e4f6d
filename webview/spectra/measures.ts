import type { SpectraMeasure, SpectraSet, Spectrum } from '../../src/protocol/panels/spectra';
import { formatShare, formatValue } from '../kit/format';
import { energyAt } from './energy';

/** How a measure is told. */
export interface MeasureStyle {
  readonly title: string;
  /** What it is, in a sentence. */
  readonly help: string;
  readonly format: (value: number) => string;
  /** Whether its colours go by its logarithm: it spans powers of ten. */
  readonly log: boolean;
}

const whole = (value: number): string =>
  formatValue(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** The measures, in the order in which they are listed. */
export const MEASURES: Readonly<Record<SpectraMeasure, MeasureStyle>> = {
  energy: {
    title: 'Energy at the rank',
    help: 'The share of the squared Frobenius norm that the first r singular values hold.',
    format: formatShare,
    log: false,
  },
  effectiveRank: {
    title: 'Effective rank',
    help: 'The exponential of the entropy of the normalised singular values (Roy & Vetterli 2007).',
    format: whole,
    log: false,
  },
  stableRank: {
    title: 'Stable rank',
    help: 'The squared Frobenius norm over the square of the largest singular value.',
    format: whole,
    log: true,
  },
  sigma: {
    title: 'Largest singular value',
    help: 'σ₁, the spectral norm.',
    format: whole,
    log: true,
  },
  decay: {
    title: 'Decay exponent',
    help: 'The slope of log σ over log i: the more negative, the faster the values fall.',
    format: (value) => value.toFixed(2).replace('-', '−'),
    log: false,
  },
  overlap: {
    title: 'Overlap with W',
    help: 'How much of the change’s top directions lies in the span of the weight’s top directions, as many of each.',
    format: formatShare,
    log: false,
  },
  fresh: {
    title: 'New directions',
    help: 'The share of the change’s energy outside the weight’s top directions.',
    format: formatShare,
    log: false,
  },
  live: {
    title: 'Columns still trained',
    help: 'Columns of LaMDA’s second projection that were not frozen yet.',
    format: whole,
    log: false,
  },
};

/** Whether a text names a measure. */
export function isMeasure(name: string): name is SpectraMeasure {
  return Object.hasOwn(MEASURES, name);
}

/** The measures of weights and of changes, each in the order in which they are listed. */
const LISTED: Readonly<Record<SpectraSet['of'], readonly SpectraMeasure[]>> = {
  weights: ['energy', 'effectiveRank', 'stableRank', 'sigma', 'decay'],
  change: ['stableRank', 'effectiveRank', 'sigma', 'energy', 'decay', 'overlap', 'fresh', 'live'],
};

/** Measures that not every change has. */
const RARE: readonly SpectraMeasure[] = ['decay', 'overlap', 'fresh', 'live'];

/** The value of a measure; undefined where it needs what is not known. */
export function measured(spectrum: Spectrum, measure: SpectraMeasure, cut: number): number | undefined {
  // Where no change, there is nothing to measure.
  if (spectrum.frobenius === 0 && measure !== 'live') return undefined;
  switch (measure) {
    case 'energy':
      return energyAt(spectrum, cut);
    case 'sigma':
      return spectrum.values[0];
    case 'overlap':
    case 'fresh':
      return spectrum.relation?.[measure];
    case 'effectiveRank':
    case 'stableRank':
    case 'decay':
    case 'live':
      return spectrum.measures[measure];
  }
}

/** The measures that a set's spectra have. */
export function measuresOf(set: SpectraSet | undefined, spectra: Iterable<Spectrum>): SpectraMeasure[] {
  if (set?.of !== 'change') return [...LISTED.weights];
  const own = [...spectra].filter(({ set: key }) => key === set.key);
  return LISTED.change.filter(
    (name) => !RARE.includes(name) || own.some((spectrum) => measured(spectrum, name, 1) !== undefined),
  );
}

/** What a measure is called of a module: of the energy, at which rank. */
export function measureName(measure: SpectraMeasure, cut: number): string {
  return measure === 'energy' ? `energy at ${cut}` : MEASURES[measure].title.toLowerCase();
}

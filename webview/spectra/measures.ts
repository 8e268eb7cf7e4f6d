import type { SpectraMeasure, SpectraModule, Spectrum } from '../../src/protocol/panels/spectra';
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
};

/** All measures, in order. */
export const MEASURE_NAMES: readonly SpectraMeasure[] = [
  'energy',
  'effectiveRank',
  'stableRank',
  'sigma',
  'decay',
  'overlap',
  'fresh',
];

/** The value of a measure; undefined where it needs what is not known. */
export function measured(spectrum: Spectrum, measure: SpectraMeasure, cut: number): number | undefined {
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
      return spectrum.measures[measure];
  }
}

/** The measures that spectra have. */
export function measuresThere(spectra: Iterable<Spectrum>): SpectraMeasure[] {
  const found = new Set<SpectraMeasure>();
  for (const { relation } of spectra) if (relation !== undefined) found.add('overlap').add('fresh');
  return MEASURE_NAMES.filter((name) => (name !== 'overlap' && name !== 'fresh') || found.has(name));
}

/** What a measure is called of a module: of the energy, at which rank. */
export function measureName(measure: SpectraMeasure, cut: number): string {
  return measure === 'energy' ? `energy at ${cut}` : MEASURES[measure].title.toLowerCase();
}

/** What a module's shape is: `2048 × 512`. */
export function shapeText({ shape: [rows, columns] }: Pick<SpectraModule, 'shape'>): string {
  return `${rows} × ${columns}`;
}

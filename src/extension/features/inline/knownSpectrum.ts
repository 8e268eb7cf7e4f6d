import { effectiveRank, stableRank } from '../../../engine/spectra/measures';
import { energiesOf, type RankEnergies } from '../../../plan/ranks';
import type { WeightSpectrum } from '../../../protocol/inspector';
import { heightsOf } from './sparkline';

/** All that is asked of a layer's spectrum while an experiment is written; none of it hangs on the rank. */
export interface KnownSpectrum extends RankEnergies {
  /** Of the curve, as `heightsOf`. */
  readonly heights: Float32Array;
  /** Undefined where only the top values are known. */
  readonly effectiveRank: number | undefined;
  readonly stableRank: number;
}

/** What a spectrum of a matrix of `size` rows or columns, whichever are fewer, comes to. */
export function knownSpectrum(
  { values, frobenius, exact }: Omit<WeightSpectrum, 'module' | 'error_bound'>,
  size: number,
): KnownSpectrum {
  return {
    energies: energiesOf({ values, frobenius }),
    heights: heightsOf(values, size),
    effectiveRank: exact ? effectiveRank(values) : undefined,
    stableRank: stableRank(values, frobenius),
  };
}

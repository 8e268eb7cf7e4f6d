import type { Spectrum } from '../../src/protocol/panels/spectra';

/** What rounding may take from a sum of squares. */
const ROUNDING = 1e-9;

const KEPT = new WeakMap<Spectrum, Float64Array>();

/** E(1), E(2), …: the share of ||W||_F^2 that the first r directions hold, for each value that is known. */
export function energiesOf(spectrum: Spectrum): Float64Array {
  let energies = KEPT.get(spectrum);
  if (energies === undefined) {
    const whole = spectrum.frobenius * spectrum.frobenius;
    let sum = 0;
    energies = spectrum.values.map((value) => {
      sum += value * value;
      // Of no change there is no share.
      if (whole === 0) return 0;
      return sum > whole * (1 - ROUNDING) ? 1 : sum / whole;
    });
    KEPT.set(spectrum, energies);
  }
  return energies;
}

/** The share of the energy that r directions keep; undefined where so many values are not known. */
export function energyAt(spectrum: Spectrum, rank: number): number | undefined {
  const energies = energiesOf(spectrum);
  // Where the values that are known hold everything, there are no others.
  const all = energies.at(-1) === 1 ? 1 : undefined;
  return rank < 1 ? 0 : (energies[rank - 1] ?? all);
}

/** The least rank that keeps a share of the energy; undefined where the values that are known do not. */
export function rankKeeping(spectrum: Spectrum, share: number): number | undefined {
  const index = energiesOf(spectrum).findIndex((energy) => energy >= share - 1e-12);
  return index < 0 ? undefined : index + 1;
}

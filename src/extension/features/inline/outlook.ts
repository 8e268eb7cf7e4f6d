import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { costOfRanks } from '../../../plan/allocationPlan';
import { rankingSpectrum, settingsOf } from '../../../plan/method';
import { allocateRanks, evenRanks, type Ranks } from '../../../plan/ranks';
import type { LowRankConfig } from '../../../protocol/experiment/types';
import type { KnownSpectrum } from './knownSpectrum';

/** The spectra of a model's layers, by path. */
export type KnownSpectra = ReadonlyMap<string, KnownSpectrum>;

/** What the ranks of an experiment are and cost, as far as that can be told while it is written. */
export interface Outlook {
  readonly adapter: LowRankConfig;
  /** The layers that are adapted, in the model's order. */
  readonly layers: readonly AdaptedLayer[];
  readonly spectra: KnownSpectra;
  /** Those of `layers` whose spectrum is known: a mean over some would change with each that is found. */
  readonly known: readonly AdaptedLayer[];
  /**
   * Whether the ranks, or the directions, go by the gradient's spectrum: that is found when a run begins, and what the
   * weights' spectrum keeps is not what the adapter has.
   */
  readonly byGradient: boolean;
  /** The rank of each layer. */
  readonly ranks: Ranks;
  /** False where the run chooses others: `ranks` are the mean then. */
  readonly settled: boolean;
  /** Numbers that are trained at first, and the bytes of the adapter; of ranks that are not settled, about so many. */
  readonly trainable: number;
  readonly adapterBytes: number;
}

/** What is known of an experiment's ranks. Throws an `InputError` for a budget that pays for none. */
export function outlookOf(
  adapter: LowRankConfig,
  layers: readonly AdaptedLayer[],
  spectra: KnownSpectra,
): Outlook {
  const known = layers.filter(({ path }) => spectra.has(path));
  const chosen = adapter.method === 'lamda++';
  const byGradient = chosen
    ? rankingSpectrum(adapter) === 'gradient'
    : adapter.method === 'lamda' && settingsOf(adapter).basis === 'gradient';
  const uniform = adapter.ranks.allocation === 'uniform';
  const settled = !chosen || uniform || (!byGradient && known.length === layers.length);
  const ranks =
    chosen && settled
      ? new Map(allocateRanks(adapter, layers, spectra).map(({ path, rank }) => [path, rank]))
      : evenRanks(adapter, layers);
  return {
    adapter,
    layers,
    spectra,
    known,
    byGradient,
    ranks,
    settled,
    ...costOfRanks(adapter, layers, ranks),
  };
}

/** The mean share of their spectral energy that layers keep, each at the rank that is said. */
export function meanEnergy(
  layers: readonly AdaptedLayer[],
  spectra: KnownSpectra,
  rankOf: (layer: AdaptedLayer) => number,
): number {
  let sum = 0;
  for (const layer of layers) sum += energyAt(spectra.get(layer.path), rankOf(layer));
  return sum / Math.max(1, layers.length);
}

/** E(r) of a layer; beyond the values that are known, that of all of them. */
export function energyAt(spectrum: KnownSpectrum | undefined, rank: number): number {
  if (spectrum === undefined || rank < 1) return 0;
  const { energies } = spectrum;
  return energies[Math.min(rank, energies.length) - 1] ?? 0;
}

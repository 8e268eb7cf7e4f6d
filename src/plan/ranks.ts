import type { AdapterMethod, AdapterSettings } from '../engine/adapters/method';
import { checkRanks, modulesOf, selectModules } from '../engine/adapters/targets';
import type { DecoderConfig } from '../engine/models/config';
import type { AdaptedLayer } from '../engine/adapters/layer';
import { linearModules, type LinearModule } from '../engine/models/modules';
import type { AllocatedRank, RankedModule } from '../engine/spectra/allocation/allocate';
import { energyShares } from '../engine/spectra/measures';
import { allocations } from '../engine/spectra/allocation/registry';
import type { LowRankConfig } from '../protocol/experiment/types';
import { methodOf, settingsOf } from './method';

/** The rank of each adapted module, by its path. */
export type Ranks = ReadonlyMap<string, number>;

/** What is known of a module's spectrum when its rank is chosen. */
export interface RankSpectrum {
  /** The top singular values, descending. */
  readonly values: ArrayLike<number>;
  /** ||W||_F. */
  readonly frobenius: number;
}

/** What a spectrum comes to, for who plans again and again by the same one. */
export interface RankEnergies {
  /** energies[r - 1] = E(r), for all values that are known. */
  readonly energies: Float64Array;
}

/** The modules that an experiment adapts, in the model's order. Throws an `InputError` naming what matches nothing. */
export function adaptedModules(adapter: LowRankConfig, config: DecoderConfig): readonly LinearModule[] {
  return selectModules(linearModules(config), adapter.target_modules);
}

/**
 * The ranks where no spectrum is needed for them: of every method but LaMDA++, and of LaMDA++ an estimate, the mean
 * rank for each module that is not pinned. Throws an `InputError` for a rank that a matrix does not have.
 */
export function evenRanks(adapter: LowRankConfig, modules: readonly AdaptedLayer[]): Ranks {
  checkGivenRanks(adapter, modules);
  const pinned = pinnedRanks(adapter, modules);
  const rankOf = (module: AdaptedLayer): number =>
    pinned.get(module.path) ?? Math.min(adapter.rank, module.inputs, module.outputs);
  return new Map(modules.map((module) => [module.path, rankOf(module)]));
}

/**
 * The largest rank that each module may get: so many of its singular values must be known to choose among them, and
 * to start from.
 */
export function neededRanks(adapter: LowRankConfig, modules: readonly AdaptedLayer[]): Ranks {
  if (adapter.method !== 'lamda++') return evenRanks(adapter, modules);
  if (adapter.ranks.allocation === 'uniform') {
    // One rank for all hangs on no spectrum.
    const ranks = allocateRanks(adapter, modules, new Map());
    return new Map(ranks.map(({ path, rank }) => [path, rank]));
  }
  const most = Math.max(...candidatesOf(adapter));
  const pinned = pinnedRanks(adapter, modules);
  return new Map(
    modules.map((module) => [
      module.path,
      pinned.get(module.path) ?? Math.min(most, module.inputs, module.outputs),
    ]),
  );
}

/** Throws an `InputError` where a rank that the file gives is larger than a matrix, or a pin matches nothing. */
export function checkGivenRanks(adapter: LowRankConfig, modules: readonly AdaptedLayer[]): void {
  if (adapter.method !== 'lamda++') {
    checkRanks(modules, adapter.rank);
    return;
  }
  for (const [target, rank] of Object.entries(adapter.ranks.pinned)) {
    const key = 'adapter.ranks.pinned';
    checkRanks(selectModules(modules, [target], undefined, key), rank, undefined, key);
  }
}

/**
 * LaMDA++'s ranks: a budget, spent by the spectra (see `allocations`). `spectra` has the top `neededRanks` values of
 * each module. Throws an `InputError` where the budget is too small.
 */
export function allocateRanks(
  adapter: LowRankConfig,
  modules: readonly AdaptedLayer[],
  spectra: ReadonlyMap<string, RankSpectrum | RankEnergies>,
): AllocatedRank[] {
  checkGivenRanks(adapter, modules);
  const { allocation, budget } = adapter.ranks;
  const [method, settings] = [methodOf(adapter), settingsOf(adapter)];
  const layers = new Map(modules.map((module) => [module.path, module]));
  const parameters = ({ path: name }: RankedModule, rank: number): number => {
    const module = layers.get(name);
    return module === undefined ? 0 : trainableParameters(method, module, { ...settings, rank });
  };
  const pinned = pinnedRanks(adapter, modules);
  const candidates = candidatesOf(adapter);
  const most = Math.max(0, ...candidates, ...pinned.values(), allocation === 'uniform' ? Infinity : 0);
  return allocations[allocation]({
    modules: modules.map((module) => ({
      path: module.path,
      rows: module.outputs,
      columns: module.inputs,
      // Nobody asks for more, however many are known: the same ranks come of few values and of all.
      energies: energiesOf(spectra.get(module.path)).subarray(0, most),
    })),
    candidates,
    cost: budget === null ? (_, rank) => rank : parameters,
    budget: budget ?? adapter.rank * modules.length,
    pinned,
  });
}

/** The numbers of a module's adapter that are trained at first. */
export function trainableParameters(
  method: AdapterMethod,
  module: AdaptedLayer,
  settings: AdapterSettings,
): number {
  return method
    .factors(module, settings)
    .filter(({ kind }) => kind !== 'frozen')
    .reduce((sum, { shape: [rows, columns] }) => sum + rows * columns, 0);
}

/** The candidates between minimum and maximum. */
export function candidatesOf({ ranks }: LowRankConfig): number[] {
  const { candidates, min, max } = ranks;
  return candidates.filter((rank) => rank >= (min ?? 1) && rank <= (max ?? Infinity));
}

/** The ranks that are set by hand, by module: of two that match one the later holds. */
function pinnedRanks(adapter: LowRankConfig, modules: readonly AdaptedLayer[]): Map<string, number> {
  const pinned = new Map<string, number>();
  if (adapter.method !== 'lamda++') return pinned;
  for (const [target, rank] of Object.entries(adapter.ranks.pinned)) {
    for (const { path } of modulesOf(target, modules)) pinned.set(path, rank);
  }
  return pinned;
}

/** The share of its energy that a module keeps at a rank; beyond the values that are known, that of all of them. */
export function energyOf(spectrum: RankSpectrum | RankEnergies | undefined, rank: number): number {
  const energies = energiesOf(spectrum);
  return energies[Math.min(rank, energies.length) - 1] ?? 1;
}

/** energies[r - 1] = E(r), for all values that are known. */
export function energiesOf(spectrum: RankSpectrum | RankEnergies | undefined): Float64Array {
  if (spectrum === undefined) return new Float64Array();
  if ('energies' in spectrum) return spectrum.energies;
  const { values, frobenius } = spectrum;
  // Of a matrix of zeros the smallest rank keeps all there is.
  return frobenius > 0 ? energyShares(values, frobenius) : new Float64Array(values.length).fill(1);
}

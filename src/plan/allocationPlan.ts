import type { AdaptedLayer } from '../engine/adapters/layer';
import type { AllocatedRank } from '../engine/spectra/allocation/allocate';
import type { LowRankConfig } from '../protocol/experiment/types';
import { methodOf, settingsOf } from './method';
import {
  allocateRanks,
  energyOf,
  evenRanks,
  type Ranks,
  type RankSpectrum,
  trainableParameters,
} from './ranks';

/** The ranks of all adapted modules, with what they cost and keep. */
export interface AllocationPlan {
  readonly name: string;
  readonly ranks: readonly AllocatedRank[];
  readonly meanRank: number;
  /** Numbers that are trained at first. */
  readonly trainable: number;
  /** Size of the adapter in PEFT's form. */
  readonly adapterBytes: number;
  /** Share of the modules' spectral energy that is kept: on the average, and where it is the least. */
  readonly meanEnergy: number;
  readonly leastEnergy: number;
}

/** What an experiment's ranks come to. `spectra` has the top values of each module, as many as its rank. */
export function planAllocation(
  adapter: LowRankConfig,
  modules: readonly AdaptedLayer[],
  spectra: ReadonlyMap<string, RankSpectrum>,
): AllocationPlan {
  if (adapter.method === 'lamda++') {
    return summary(adapter.ranks.allocation, adapter, modules, allocateRanks(adapter, modules, spectra));
  }
  return givenPlan(adapter, modules, evenRanks(adapter, modules), spectra);
}

/** What given ranks come to, as those of a run that has been; modules without a rank are not adapted. */
export function givenPlan(
  adapter: LowRankConfig,
  modules: readonly AdaptedLayer[],
  given: Ranks,
  spectra: ReadonlyMap<string, RankSpectrum>,
): AllocationPlan {
  const adapted = modules.filter(({ path }) => given.has(path));
  const ranks = adapted.map(({ path }) => {
    const rank = given.get(path) ?? 0;
    return { path, rank, energy: energyOf(spectra.get(path), rank), pinned: false };
  });
  return summary(adapter.method, adapter, adapted, ranks);
}

/** The same budget spent otherwise: each with the name it is shown by, as the config that would do it. */
export function otherConfigs(adapter: LowRankConfig, plan: AllocationPlan): [string, LowRankConfig][] {
  const variant = (changes: Partial<LowRankConfig['ranks']>, rank = adapter.rank): LowRankConfig => ({
    ...adapter,
    method: 'lamda++',
    rank,
    ranks: { ...adapter.ranks, ...changes },
  });
  const rules = (['equal-energy', 'energy-bins'] as const).filter((rule) => rule !== plan.name);
  const mean = Math.max(1, Math.round(plan.meanRank));
  return [
    ...rules.map((allocation): [string, LowRankConfig] => [allocation, variant({ allocation })]),
    ['uniform, same mean rank', variant({ allocation: 'uniform', budget: null }, mean)],
    ['uniform, same parameters', variant({ allocation: 'uniform', budget: plan.trainable })],
  ];
}

/** The numbers that are trained at first in one module's adapter of a rank. */
export function trainableOf(adapter: LowRankConfig, module: AdaptedLayer, rank: number): number {
  return trainableParameters(methodOf(adapter), module, { ...settingsOf(adapter), rank });
}

/** What ranks cost: the numbers that are trained at first, and the bytes of the adapter in PEFT's form. */
export function costOfRanks(
  adapter: LowRankConfig,
  modules: readonly AdaptedLayer[],
  ranks: Ranks,
): Pick<AllocationPlan, 'trainable' | 'adapterBytes'> {
  const method = methodOf(adapter);
  const common = settingsOf(adapter);
  let [trainable, adapterBytes] = [0, 0];
  for (const module of modules) {
    const settings = { ...common, rank: ranks.get(module.path) ?? 0 };
    trainable += trainableParameters(method, module, settings);
    adapterBytes += 4 * method.loraRank(settings) * (module.inputs + module.outputs);
  }
  return { trainable, adapterBytes };
}

function summary(
  name: string,
  adapter: LowRankConfig,
  modules: readonly AdaptedLayer[],
  ranks: readonly AllocatedRank[],
): AllocationPlan {
  const found = new Map(ranks.map(({ path, rank }) => [path, rank]));
  const { trainable, adapterBytes } = costOfRanks(adapter, modules, found);
  const energies = ranks.map(({ energy }) => energy);
  return {
    name,
    ranks,
    meanRank: mean(ranks.map(({ rank }) => rank)),
    trainable,
    adapterBytes,
    meanEnergy: mean(energies),
    leastEnergy: Math.min(...energies),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

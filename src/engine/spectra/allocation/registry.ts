import { allocate, type AllocatedRank, type AllocationRequest } from './allocate';
import { energyBins } from './energyBins';
import { equalEnergy } from './equalEnergy';
import { uniformRanks } from './uniform';

/** Every way to allocate ranks, by its name in the config (`adapter.ranks.allocation`). */
export const allocations = {
  'equal-energy': (request: AllocationRequest): AllocatedRank[] => allocate(equalEnergy, request),
  'energy-bins': (request: AllocationRequest): AllocatedRank[] => allocate(energyBins, request),
  uniform: uniformRanks,
} as const;

import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import type { DecoderConfig } from '../../engine/models/config';
import type { LinearModule } from '../../engine/models/modules';
import type { AllocatedRank } from '../../engine/spectra/allocation/allocate';
import type { AdapterConfig, LowRankConfig } from '../../protocol/experiment/types';
import { readJson } from '../../weights/json';
import { adaptedModules, candidatesOf, evenRanks, type Ranks } from '../../plan/ranks';

/** The file of a run folder that holds its ranks. */
export const RANKS_FILE = 'ranks.json';
const FORMAT = 1;

/** What `ranks.json` holds: which rank each module got, and the share of its spectral energy that it keeps. */
export function ranksRecord(adapter: LowRankConfig, ranks: readonly AllocatedRank[]): object {
  const { allocation, budget } = adapter.ranks;
  return {
    formatVersion: FORMAT,
    allocation,
    budget: budget === null ? { mean_rank: adapter.rank } : { trainable: budget },
    candidates: allocation === 'uniform' ? undefined : candidatesOf(adapter),
    modules: ranks.map(({ path: module, rank, energy, pinned }) => ({
      module,
      rank,
      energy,
      ...(pinned ? { pinned } : {}),
    })),
  };
}

/**
 * The ranks that a run was made with: those of `ranks.json`, which LaMDA++ writes, else the one of its config. Throws
 * an `InputError` where the file is missing or damaged.
 */
export async function ranksOfRun(
  folder: string,
  adapter: AdapterConfig,
  config: DecoderConfig,
): Promise<Ranks> {
  if (adapter.method === 'full') return new Map();
  const modules = adaptedModules(adapter, config);
  return adapter.method === 'lamda++' ? readRanks(folder, modules) : evenRanks(adapter, modules);
}

async function readRanks(folder: string, modules: readonly LinearModule[]): Promise<Ranks> {
  const file = path.join(folder, RANKS_FILE);
  const value = await readJson(file);
  if (isRecord(value) && value['formatVersion'] === FORMAT && Array.isArray(value['modules'])) {
    const found = new Map<string, number>();
    for (const entry of value['modules'] as readonly unknown[]) {
      if (!isRecord(entry) || typeof entry['module'] !== 'string') continue;
      if (Number.isInteger(entry['rank']) && Number(entry['rank']) > 0) {
        found.set(entry['module'], Number(entry['rank']));
      }
    }
    const lost = modules.find(({ path: module }) => !found.has(module));
    if (lost === undefined) return found;
    throw new InputError({ what: 'the run’s ranks lack a module', file, got: lost.path });
  }
  throw new InputError({
    what: 'the run’s ranks cannot be read',
    file,
    got: show(isRecord(value) ? value['formatVersion'] : value),
    expected: `formatVersion ${FORMAT}, and modules with their ranks`,
  });
}

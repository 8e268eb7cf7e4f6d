import type { AllocatedRank } from '../../engine/spectra/allocation/allocate';
import type { DecoderConfig } from '../../engine/models/config';
import type { LowRankConfig } from '../../protocol/experiment/types';
import type { TrainContext } from '../context';
import { readSpectrum } from './bases';
import type { Decomposer } from './decomposer';
import { rankingSpectrum } from '../../plan/method';
import { adaptedModules, allocateRanks, evenRanks, type Ranks, type RankSpectrum } from '../../plan/ranks';
import { RANKS_FILE, ranksOfRun, ranksRecord } from './ranksFile';

/**
 * The ranks of a run: those it began with where it goes on, else chosen now and, for LaMDA++, written into the run
 * folder.
 */
export async function ranksFor(
  context: TrainContext,
  config: DecoderConfig,
  decomposer: Decomposer,
): Promise<Ranks> {
  const { adapter } = context.experiment;
  if (context.resume !== undefined) return ranksOfRun(context.folder, adapter, config);
  if (adapter.method === 'full') return new Map();
  if (adapter.method !== 'lamda++') return evenRanks(adapter, adaptedModules(adapter, config));
  const ranks = await chooseRanks(adapter, config, decomposer);
  context.writeJson(RANKS_FILE, ranksRecord(adapter, ranks));
  return new Map(ranks.map(({ path, rank }) => [path, rank]));
}

/** Allocates LaMDA++'s ranks by the spectra that the config names, which are found first where they are not known. */
async function chooseRanks(
  adapter: LowRankConfig,
  config: DecoderConfig,
  decomposer: Decomposer,
): Promise<AllocatedRank[]> {
  const spectra = new Map<string, RankSpectrum>();
  for (const [path, decomposition] of await decomposer.of(rankingSpectrum(adapter))) {
    spectra.set(path, await readSpectrum(decomposition));
  }
  return allocateRanks(adapter, adaptedModules(adapter, config), spectra);
}

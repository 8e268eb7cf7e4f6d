import type { Runtime } from '../../engine/graph/runtime';
import type { AllocatedRank } from '../../engine/spectra/allocation/allocate';
import type { LowRankConfig } from '../../protocol/experiment/types';
import type { TrainContext } from '../context';
import { decomposeModules, readSpectrum } from './bases';
import type { OpenedModel } from './model';
import {
  adaptedModules,
  allocateRanks,
  evenRanks,
  neededRanks,
  type Ranks,
  type RankSpectrum,
} from './ranks';
import { RANKS_FILE, ranksOfRun, ranksRecord } from './ranksFile';

/**
 * The ranks of a run: those it began with where it goes on, else chosen now and, for LaMDA++, written into the run
 * folder. `cpu` decomposes, whatever trains.
 */
export async function ranksFor(context: TrainContext, model: OpenedModel, cpu: Runtime): Promise<Ranks> {
  const { adapter, training } = context.experiment;
  if (context.resume !== undefined) return ranksOfRun(context.folder, adapter, model.config);
  if (adapter.method === 'full') return new Map();
  if (adapter.method !== 'lamda++') return evenRanks(adapter, adaptedModules(adapter, model.config));
  const ranks = await chooseRanks(adapter, model, cpu, training.seed, {
    progress: (note) => context.progress(note),
    signal: context.signal,
  });
  context.writeJson(RANKS_FILE, ranksRecord(adapter, ranks));
  return new Map(ranks.map(({ path, rank }) => [path, rank]));
}

/** Allocates LaMDA++'s ranks by the weights' spectra, which are decomposed first where they are not in the cache. */
export async function chooseRanks(
  adapter: LowRankConfig,
  model: OpenedModel,
  cpu: Runtime,
  seed: number,
  { progress, signal }: Pick<TrainContext, 'progress' | 'signal'>,
): Promise<AllocatedRank[]> {
  const modules = adaptedModules(adapter, model.config);
  const needed = neededRanks(adapter, modules);
  const decompositions = await decomposeModules(cpu, model, modules, needed, seed, progress, signal);
  const spectra = new Map<string, RankSpectrum>();
  for (const [path, decomposition] of decompositions) spectra.set(path, await readSpectrum(decomposition));
  return allocateRanks(adapter, modules, spectra);
}

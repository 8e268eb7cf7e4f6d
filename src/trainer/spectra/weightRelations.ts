import { GraphError } from '../../base/errors';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import { ChangeSpectra, type RelatedChange } from '../../engine/spectra/change/changeSpectra';
import { relateDense } from '../../engine/spectra/change/difference';
import type { FactoredChange } from '../../engine/spectra/change/products';
import { type Relation, relationBy } from '../../engine/spectra/change/relation';
import { energyShares } from '../../engine/spectra/measures';
import type { TopSingular } from '../../engine/spectra/triples';
import type { TensorSource } from '../../weights/source';
import { decomposeModules, readTriples } from '../training/bases';
import type { WeightsDifference } from './comparedWeights';
import type { ModuleSpectrum } from './moduleSpectra';

/** As many directions of a weight are looked at as the largest usual rank has. */
const USUAL = 64;
/** The directions of a change without a rank of its own that count: those that hold this share of its energy. */
const SHARE = 0.9;
/** Differences have no seed of their own: the same models give the same numbers. */
const SEED = 0;

/** How to decompose: with which sketch, and until when. */
export interface DecomposeOptions {
  /** The CPU's runtime. */
  readonly cpu: Runtime;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** How many of a weight's directions are worth knowing beside `rank` of its change: twice as many, or the usual number. */
export function directionsBeside({ outputs, inputs }: LinearModule, rank: number): number {
  return Math.min(outputs, inputs, Math.max(USUAL, 2 * rank));
}

/**
 * Decomposes a change of `module`'s weight, and relates its top `rank` directions to the weight's top `known`. The
 * weight's decomposition is kept in the cache, where a run of the same rank has left its own.
 */
export async function relateChange(
  source: TensorSource,
  module: LinearModule,
  change: FactoredChange,
  { rank, known }: { readonly rank: number; readonly known: number },
  options: DecomposeOptions,
): Promise<RelatedChange> {
  const { u, vt } = await topOf(source, module, known, options);
  const spectra = new ChangeSpectra(options.cpu);
  try {
    return await spectra.related(change, { u, vt, known, rank });
  } finally {
    await spectra.dispose();
  }
}

/**
 * How the difference of two models lies to the weight of the first. Compared are as many directions as hold nine tenths
 * of the difference's energy, but at most 64; `spectrum` is that of the difference.
 */
export async function relateDifference(
  difference: WeightsDifference,
  { module, values, frobenius }: ModuleSpectrum,
  options: Omit<DecomposeOptions, 'seed'>,
): Promise<Relation> {
  const { outputs, inputs } = module;
  const most = Math.min(USUAL, outputs, inputs);
  const enough = energyShares(values, frobenius).findIndex((share) => share >= SHARE) + 1;
  const rank = enough > 0 ? Math.min(most, enough) : most;
  const known = directionsBeside(module, rank);
  const seeded = { ...options, seed: SEED };
  if (frobenius === 0) return relationBy([], 0, 0, { known, rank });
  const { u, vt } = await topOf(difference.base.source, module, known, seeded);
  const change = await topOf(difference, module, rank, seeded);
  const matrix = await difference.readTensor(module.weight);
  const dense = { outputs, inputs, matrix, u: change.u, frobenius };
  return relateDense(options.cpu, dense, { u, vt, known, rank });
}

async function topOf(
  source: TensorSource,
  module: LinearModule,
  rank: number,
  { cpu, seed, signal }: DecomposeOptions,
): Promise<TopSingular> {
  const ranks = new Map([[module.path, rank]]);
  const found = await decomposeModules(cpu, source, [module], ranks, seed, () => undefined, signal);
  const decomposition = found.get(module.path);
  if (decomposition === undefined) throw new GraphError({ what: `${module.path} was not decomposed` });
  return readTriples(decomposition, rank);
}

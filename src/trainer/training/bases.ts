import { RunError } from '../../base/errors';
import type { TopSingular } from '../../engine/spectra/triples';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import { inOrder } from '../../engine/spectra/inOrder';
import { DEFAULT_SVD } from '../../engine/spectra/randomizedSvd';
import { decompositionMethod } from '../../engine/spectra/topSingular';
import { cached } from '../../weights/cache';
import { readSafetensors } from '../../weights/safetensors/read';
import { writeSafetensors } from '../../weights/safetensors/write';
import type { TensorSource } from '../../weights/source';
import type { ProgressNote } from '../context';
import type { Ranks, RankSpectrum } from '../../plan/ranks';
import { TripleFinder } from './tripleFinder';

/** What was decomposed, for `spectra.json`. */
export interface BasisRecord {
  readonly module: string;
  readonly shape: readonly [number, number];
  readonly rank: number;
  readonly method: 'exact' | 'randomized';
  readonly key: string;
  readonly error_bound: number;
}

/** A module's decomposition, which lies in the cache (see `writeTriples`). */
export interface Decomposition {
  readonly record: BasisRecord;
  readonly file: string;
}

/**
 * The top singular triples of every module's weight, as many as `ranks` says. Each decomposition is kept by the weights'
 * content, the tensor, the method and the seed: it is done once, ever. `runtime` is the CPU's, whatever trains.
 *
 * Many small matrices are decomposed several at once; of large ones, which give all cores enough to do, one after the
 * other is in memory.
 */
export async function decomposeModules(
  runtime: Runtime,
  source: TensorSource,
  modules: readonly LinearModule[],
  ranks: Ranks,
  seed: number,
  progress: (note: ProgressNote) => void,
  signal: AbortSignal,
): Promise<Decompositions> {
  const all = new Map<string, Decomposition>();
  const finder = new TripleFinder(runtime, modules);
  const content = await source.contentHash();
  let begun = 0;
  const decompose = async (module: LinearModule): Promise<readonly [string, Decomposition]> => {
    signal.throwIfAborted();
    const fraction = begun++ / modules.length;
    const { inputs, outputs, weight } = module;
    const rank = ranks.get(module.path) ?? 0;
    const method = decompositionMethod(outputs, inputs);
    const { oversampling, powerIterations } = DEFAULT_SVD;
    const how = method === 'exact' ? method : `${method}/${oversampling}/${powerIterations}/${seed}`;
    const key = `${content}/${weight}/${rank}/${how}`;
    const file = await cached('svd-4', key, async (target) => {
      progress({ what: 'decomposing the weights', fraction });
      const matrix = await source.readTensor(weight);
      const request = { rows: outputs, columns: inputs, rank, seed, stream: `svd/${weight}` };
      await writeTriples(target, module, await finder.find({ ...request, weight: matrix }));
    });
    const error_bound = await readErrorBound(file);
    const shape = [outputs, inputs] as const;
    const record = { module: module.path, shape, rank, method, key, error_bound };
    return [module.path, { record, file }];
  };
  try {
    for await (const [path, found] of inOrder(modules, finder.parallel - 1, decompose)) all.set(path, found);
  } finally {
    await finder.dispose();
  }
  return all;
}

/** The first `rank` singular triples of a decomposition that has as many or more. */
export async function readTriples(
  { record, file }: { readonly record: Pick<BasisRecord, 'shape' | 'rank'>; readonly file: string },
  rank: number,
): Promise<TopSingular> {
  const [outputs, inputs] = record.shape;
  const u = await readPart(file, 'u');
  const first = new Float32Array(outputs * rank);
  for (let i = 0; i < outputs; i++) {
    first.set(u.subarray(i * record.rank, i * record.rank + rank), i * rank);
  }
  return {
    u: first,
    sigma: (await readPart(file, 'sigma')).slice(0, rank),
    vt: (await readPart(file, 'vt')).slice(0, rank * inputs),
  };
}

/** The singular values of a decomposition, and the weight's norm. */
export async function readSpectrum({ file }: Decomposition): Promise<RankSpectrum> {
  const [frobenius = 0] = await readPart(file, 'frobenius');
  return { values: await readPart(file, 'sigma'), frobenius };
}

/** How far the values of a cache entry may be from true ones. */
export async function readErrorBound(file: string): Promise<number> {
  const [bound = 0] = await readPart(file, 'error_bound');
  return bound;
}

async function readPart(file: string, name: string): Promise<Float32Array> {
  const data = (await readSafetensors(file, [name])).get(name)?.data;
  if (data !== undefined) return data;
  throw new RunError({ what: 'a cached decomposition is damaged', file, remedy: 'Delete the file.' });
}

/** Each adapted module's decomposition, by its path. */
export type Decompositions = ReadonlyMap<string, Decomposition>;

/** Top singular triples, with the norm of the whole matrix. */
interface FoundTriples extends TopSingular {
  readonly errorBound: number;
  readonly frobenius: number;
}

/** Writes the triples of a matrix of the module's shape to a cache entry. */
export async function writeTriples(
  target: string,
  { outputs, inputs }: LinearModule,
  { u, sigma, vt, errorBound, frobenius }: FoundTriples,
): Promise<void> {
  const rank = sigma.length;
  await writeSafetensors(target, [
    { name: 'u', dtype: 'F32', shape: [outputs, rank], data: u },
    { name: 'sigma', dtype: 'F32', shape: [rank], data: sigma },
    { name: 'vt', dtype: 'F32', shape: [rank, inputs], data: vt },
    { name: 'frobenius', dtype: 'F32', shape: [1], data: Float32Array.of(frobenius) },
    { name: 'error_bound', dtype: 'F32', shape: [1], data: Float32Array.of(errorBound) },
  ]);
}

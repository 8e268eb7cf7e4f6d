import { RandomStream } from '../../base/random';
import { RunError } from '../../base/errors';
import type { TopSingular } from '../../engine/spectra/triples';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import { DEFAULT_SVD, RandomizedSvd } from '../../engine/spectra/randomizedSvd';
import { decompositionMethod, topSingular } from '../../engine/spectra/topSingular';
import { cached } from '../../weights/cache';
import { readSafetensors } from '../../weights/safetensors/read';
import { writeSafetensors } from '../../weights/safetensors/write';
import type { ProgressNote } from '../context';
import type { LoadedModel } from './model';

/** What was decomposed, for `spectra.json`. */
export interface BasisRecord {
  readonly module: string;
  readonly shape: readonly [number, number];
  readonly rank: number;
  readonly method: 'exact' | 'randomized';
  readonly key: string;
  readonly error_bound: number;
}

export interface Bases {
  readonly basis: ReadonlyMap<string, TopSingular>;
  readonly records: readonly BasisRecord[];
}

/**
 * The top singular triples of every module's weight. Each decomposition is kept by the weights' content, the tensor,
 * the method and the seed: it is done once, ever. `runtime` is the CPU's, whatever trains.
 */
export async function decomposeModules(
  runtime: Runtime,
  model: LoadedModel,
  modules: readonly LinearModule[],
  rank: number,
  seed: number,
  progress: (note: ProgressNote) => void,
  signal: AbortSignal,
): Promise<Bases> {
  const basis = new Map<string, TopSingular>();
  const records: BasisRecord[] = [];
  let svd: RandomizedSvd | undefined;
  const content = await model.source.contentHash();
  try {
    for (const [done, module] of modules.entries()) {
      signal.throwIfAborted();
      progress({ what: 'decomposing the weights', fraction: done / modules.length });
      const { inputs, outputs, weight } = module;
      const method = decompositionMethod(outputs, inputs);
      const { oversampling, powerIterations } = DEFAULT_SVD;
      const how = method === 'exact' ? method : `${method}/${oversampling}/${powerIterations}/${seed}`;
      const key = `${content}/${weight}/${rank}/${how}`;
      const file = await cached('svd-1', key, async (target) => {
        svd ??= await RandomizedSvd.create(runtime);
        const matrix = await model.source.readTensor(weight);
        const random = new RandomStream(seed, `svd/${weight}`);
        const found = await topSingular(svd, matrix, outputs, inputs, rank, (count) => random.normals(count));
        await writeSafetensors(target, [
          { name: 'u', dtype: 'F32', shape: [outputs, rank], data: found.u },
          { name: 'sigma', dtype: 'F32', shape: [rank], data: found.sigma },
          { name: 'vt', dtype: 'F32', shape: [rank, inputs], data: found.vt },
          { name: 'error_bound', dtype: 'F32', shape: [1], data: Float32Array.of(found.errorBound) },
        ]);
      });
      const stored = await readSafetensors(file);
      const part = (name: string): Float32Array => {
        const data = stored.get(name)?.data;
        if (data === undefined)
          throw new RunError({ what: 'a cached decomposition is damaged', file, remedy: 'Delete the file.' });
        return data;
      };
      basis.set(module.path, { u: part('u'), sigma: part('sigma'), vt: part('vt') });
      records.push({
        module: module.path,
        shape: [outputs, inputs],
        rank,
        method,
        key,
        error_bound: part('error_bound')[0] ?? 0,
      });
    }
  } finally {
    await svd?.dispose();
  }
  return { basis, records };
}

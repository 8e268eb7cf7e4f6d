import { RandomStream } from '../../base/random';
import { GraphError, RunError } from '../../base/errors';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import { frobeniusNorm } from '../../engine/spectra/measures';
import { DEFAULT_SVD, RandomizedSvd } from '../../engine/spectra/randomizedSvd';
import { topSingular } from '../../engine/spectra/topSingular';
import { type NamedMatrix, type Spectrum, WholeSpectra } from '../../engine/spectra/wholeSpectra';
import type { SpectrumQuality } from '../../protocol/inspector';
import { EigenThreads } from '../../runtime/eigenThreads';
import { cached, cachedEntry } from '../../weights/cache';
import { readSafetensors } from '../../weights/safetensors/read';
import { writeSafetensors } from '../../weights/safetensors/write';
import type { TensorSource } from '../../weights/source';

/** The singular values of a module's weight W. */
export interface ModuleSpectrum {
  readonly module: LinearModule;
  /** Descending: all of them where exact, else the top ones. */
  readonly values: Float64Array;
  /** ||W||_F. */
  readonly frobenius: number;
  /** Each value lies this near to a true one. */
  readonly errorBound: number;
  readonly exact: boolean;
}

/** How many values are found fast: as many as the largest usual rank. */
const TOP = 64;
/** The sketch is drawn alike always: the same weights give the same numbers. */
const SEED = 0;
/** f32's relative spacing: values are kept as f32. */
const ROUNDING = 2 ** -24;
const KIND = 'spectra-2';
/** Values that stay in memory: 32 MB of them, several models' whole spectra. */
const MOST_VALUES = 2 ** 22;

/**
 * Spectra of weights, matrix by matrix, so that a model may be larger than the memory. Each is kept by the
 * weights' content: it is found once, for all experiments and windows.
 */
export class ModuleSpectra {
  #svd: RandomizedSvd | undefined;
  #whole: WholeSpectra | undefined;
  /** What was read, by its key: who opens a model again need not wait for hundreds of files. */
  readonly #read = new Map<string, ModuleSpectrum>();
  #values = 0;

  /** `cpu` is the CPU's runtime. */
  constructor(private readonly cpu: Runtime) {}

  /** What is known of some modules already, the better of each; undefined for those of which nothing is. */
  async known(
    source: TensorSource,
    modules: readonly LinearModule[],
  ): Promise<(ModuleSpectrum | undefined)[]> {
    const content = await source.contentHash();
    return Promise.all(
      modules.map(async (module) => {
        for (const quality of ['exact', 'fast'] as const) {
          const key = keyOf(content, module, quality);
          const kept = this.#read.get(key);
          if (kept !== undefined) return kept;
          const file = await cachedEntry(KIND, key);
          if (file !== undefined) return this.keepInMemory(key, await readSpectrum(file, module, quality));
        }
        return undefined;
      }),
    );
  }

  /**
   * The spectra of some modules, in their order, as they are ready. Aborting stops it before the next matrix; what was
   * found is kept. Throws an `InputError` for a weight that holds a number which is not finite.
   */
  async *of(
    source: TensorSource,
    modules: readonly LinearModule[],
    quality: SpectrumQuality,
    signal: AbortSignal,
  ): AsyncGenerator<ModuleSpectrum> {
    const content = await source.contentHash();
    const find =
      quality === 'exact'
        ? this.exact(source, modules, content, signal)
        : this.fast(source, modules, content, signal);
    for await (const spectrum of find) {
      yield spectrum;
      signal.throwIfAborted();
    }
  }

  async dispose(): Promise<void> {
    await this.#svd?.dispose();
    await this.#whole?.dispose();
  }

  /** The oldest give way where there are too many. */
  private keepInMemory(key: string, spectrum: ModuleSpectrum): ModuleSpectrum {
    if (this.#read.has(key)) return spectrum;
    this.#values += spectrum.values.length;
    this.#read.set(key, spectrum);
    for (const [oldest, { values }] of this.#read) {
      if (this.#values <= MOST_VALUES) break;
      this.#read.delete(oldest);
      this.#values -= values.length;
    }
    return spectrum;
  }

  private async *exact(
    source: TensorSource,
    modules: readonly LinearModule[],
    content: string,
    signal: AbortSignal,
  ): AsyncGenerator<ModuleSpectrum> {
    this.#whole ??= new WholeSpectra(this.cpu, new EigenThreads());
    const known = new Map<LinearModule, string>();
    for (const module of modules) {
      const file = await cachedEntry(KIND, keyOf(content, module, 'exact'));
      if (file !== undefined) known.set(module, file);
    }
    const matrices = async function* (): AsyncGenerator<NamedMatrix> {
      for (const { outputs: rows, inputs: columns, weight: name } of modules.filter(
        (one) => !known.has(one),
      )) {
        signal.throwIfAborted();
        yield { name, rows, columns, data: await source.readTensor(name) };
      }
    };
    const found = this.#whole.all(matrices());
    try {
      for (const module of modules) {
        const file = known.get(module) ?? (await this.keep(content, module, await found.next()));
        yield await readSpectrum(file, module, 'exact');
      }
    } finally {
      await found.return(undefined);
    }
  }

  private async keep(
    content: string,
    module: LinearModule,
    found: IteratorResult<{ readonly spectrum: Spectrum }, unknown>,
  ): Promise<string> {
    if (found.done === true) throw new GraphError({ what: `no spectrum was found for ${module.path}` });
    const { values, frobenius, errorBound } = found.value.spectrum;
    return cached(KIND, keyOf(content, module, 'exact'), (target) =>
      writeSpectrum(target, values, frobenius, errorBound),
    );
  }

  private async *fast(
    source: TensorSource,
    modules: readonly LinearModule[],
    content: string,
    signal: AbortSignal,
  ): AsyncGenerator<ModuleSpectrum> {
    for (const module of modules) {
      signal.throwIfAborted();
      const file = await cached(KIND, keyOf(content, module, 'fast'), async (target) => {
        this.#svd ??= new RandomizedSvd(this.cpu);
        const { outputs, inputs, weight } = module;
        const matrix = await source.readTensor(weight);
        const random = new RandomStream(SEED, `spectrum/${weight}`);
        const rank = Math.min(TOP, outputs, inputs);
        const normal = (count: number): Float32Array => random.signs(count);
        const { sigma, errorBound } = await topSingular(this.#svd, matrix, outputs, inputs, rank, normal);
        await writeSpectrum(target, sigma, frobeniusNorm(matrix), errorBound);
      });
      yield await readSpectrum(file, module, 'fast');
    }
  }
}

function keyOf(content: string, { weight }: LinearModule, quality: SpectrumQuality): string {
  const { oversampling, powerIterations } = DEFAULT_SVD;
  const how = quality === 'exact' ? quality : `${quality}/${TOP}/${oversampling}/${powerIterations}/${SEED}`;
  return `${content}/${weight}/${how}`;
}

async function writeSpectrum(
  file: string,
  values: ArrayLike<number>,
  frobenius: number,
  errorBound: number,
): Promise<void> {
  await writeSafetensors(file, [
    { name: 'values', dtype: 'F32', shape: [values.length], data: Float32Array.from(values) },
    { name: 'frobenius', dtype: 'F32', shape: [1], data: Float32Array.of(frobenius) },
    {
      name: 'error_bound',
      dtype: 'F32',
      shape: [1],
      data: Float32Array.of(errorBound + ROUNDING * (values[0] ?? 0)),
    },
  ]);
}

async function readSpectrum(
  file: string,
  module: LinearModule,
  quality: SpectrumQuality,
): Promise<ModuleSpectrum> {
  const stored = await readSafetensors(file);
  const [values, frobenius, bound] = ['values', 'frobenius', 'error_bound'].map(
    (name) => stored.get(name)?.data,
  );
  if (values === undefined || frobenius?.[0] === undefined || bound?.[0] === undefined) {
    throw new RunError({ what: 'a spectrum in the cache is damaged', file, remedy: 'Delete the file.' });
  }
  // A small matrix is decomposed whole, however fast it is to be.
  const exact =
    quality === 'exact' || (bound[0] === 0 && values.length === Math.min(module.inputs, module.outputs));
  return { module, values: Float64Array.from(values), frobenius: frobenius[0], errorBound: bound[0], exact };
}

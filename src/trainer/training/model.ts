import { InputError } from '../../base/errors';
import { Tokenizer } from '../../data/text/tokenizer';
import type { DecoderConfig } from '../../engine/models/config';
import { weightSpecs } from '../../engine/models/modules';
import { readModelConfig } from '../../engine/models/registry';
import type { ExternalLocation } from '../../engine/graph/types';
import { openModel } from '../../weights/openModel';
import type { ModelSource, Progress, WeightSet, WorkOptions } from '../../weights/source';
import type { ProgressNote } from '../context';

/** A pre-trained model whose headers are read and checked. */
export interface OpenedModel {
  readonly source: ModelSource;
  readonly config: DecoderConfig;
  /** @throws InputError where it cannot be read, when it is first asked for */
  readonly tokenizer: Tokenizer;
}

/** Its tokenizer is read when it is first asked for: a large vocabulary takes most of a second, and spectra need none. */
class PretrainedModel implements OpenedModel {
  #tokenizer: Tokenizer | undefined;

  constructor(
    readonly source: ModelSource,
    readonly config: DecoderConfig,
  ) {}

  get tokenizer(): Tokenizer {
    return (this.#tokenizer ??= readTokenizer(this.source));
  }
}

function readTokenizer({ tokenizer, path }: ModelSource): Tokenizer {
  const { tokenizerJson, tokenizerConfig, chatTemplate } = tokenizer;
  return new Tokenizer({ tokenizer: tokenizerJson, config: tokenizerConfig ?? {}, chatTemplate, file: path });
}

/** A pre-trained model, ready to be put into graphs. */
export interface LoadedModel extends OpenedModel {
  readonly weights: WeightSet;
  /** Where a weight's bytes lie. */
  readonly locate: (weight: string) => ExternalLocation;
}

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((note: ProgressNote) => void) | undefined;
  /** Looks at the config before any weight is read; what it throws ends the loading. */
  readonly check?: ((config: DecoderConfig, path: string) => void) | undefined;
}

/** Opens a model's folder or file, and checks that every tensor its architecture needs is there in the right shape. */
export async function openPretrained(path: string, options: LoadOptions = {}): Promise<OpenedModel> {
  const source = await openModel(path, {
    ...workOptions(options),
    onConfig: (config, file) => {
      const read = readModelConfig(config, file);
      options.check?.(read, file);
    },
  });
  const config = readModelConfig(source.config, source.path);
  for (const { name, shape } of weightSpecs(config)) {
    const found = source.tensors.get(name);
    if (found === undefined || found.shape.join() !== shape.join()) {
      throw new InputError({
        what:
          found === undefined
            ? 'the model lacks a tensor'
            : 'a tensor has another shape than the config says',
        file: source.path,
        tensor: name,
        got: found === undefined ? undefined : `[${found.shape.join(', ')}]`,
        expected: `[${shape.join(', ')}]`,
        remedy: 'Take config.json and the weights from the same model.',
      });
    }
  }
  return new PretrainedModel(source, config);
}

/** Makes the weights of an opened model available as f32 (converted once, where they are of another type). */
export async function mapWeights(opened: OpenedModel, options: LoadOptions = {}): Promise<LoadedModel> {
  // What is wrong with the tokenizer is said before the weights are converted, which takes minutes.
  const { source, config, tokenizer } = opened;
  const weights = await source.mapped(workOptions(options));
  const locate = (weight: string): ExternalLocation => {
    const tensor = weights.tensors.get(weight);
    if (tensor === undefined) {
      throw new InputError({ what: 'the model lacks a tensor', file: source.path, tensor: weight });
    }
    return tensor;
  };
  return { source, config, tokenizer, weights, locate };
}

/** Opens a model and makes its weights available. */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  return mapWeights(await openPretrained(path, options), options);
}

function workOptions({ signal, onProgress }: LoadOptions): WorkOptions {
  return { signal, onProgress: (progress: Progress): void => onProgress?.(noteOf(progress)) };
}

function noteOf({ stage, done, total }: Progress): ProgressNote {
  const what = stage === 'hash' ? 'reading the weights' : 'converting the weights to f32';
  return total > 0 ? { what, fraction: done / total } : { what };
}

/**
 * The window that queries of a model see in rows of at most `maxLength` tokens; undefined: everything before them.
 * Throws an InputError that blames `key` where layers differ.
 */
export function slidingWindow(
  config: DecoderConfig,
  maxLength: number,
  file: string,
  key = 'data.max_length',
): number | undefined {
  const windows = new Set(
    config.slidingWindows.map((window) => (window === undefined || window >= maxLength ? undefined : window)),
  );
  if (windows.size > 1) {
    throw new InputError({
      what: 'layers with different sliding windows are not supported at this length',
      file,
      key,
      got: String(maxLength),
      expected: `at most ${Math.min(...config.slidingWindows.map((window) => window ?? Infinity))}`,
      remedy: `Lower ${key}.`,
    });
  }
  return [...windows][0];
}

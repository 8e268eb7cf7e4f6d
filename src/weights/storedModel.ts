import { InputError } from '../base/errors';
import { nearest } from '../base/nearest';
import { converted, inPlace, isConverted, type ConvertOptions } from './convert';
import { readStored } from './decode';
import type { ModelSource, StoredTensor, TokenizerFiles, WeightSet } from './source';

export interface StoredModelParts {
  readonly kind: ModelSource['kind'];
  readonly path: string;
  readonly config: unknown;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Called once, when it is first asked for: looking into a model needs none. */
  readonly hash: () => Promise<string>;
  /** The cache folder. */
  readonly cache: string;
  /** Called once, when the tokenizer is first asked for: not every use of a model needs it. */
  readonly readTokenizer: () => TokenizerFiles;
}

/** A model whose tensors lie in files of any form: what both forms have in common. */
export class StoredModel implements ModelSource {
  readonly kind: ModelSource['kind'];
  readonly path: string;
  readonly config: unknown;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  private hash: Promise<string> | undefined;
  private tokenizerFiles: TokenizerFiles | undefined;

  constructor(private readonly parts: StoredModelParts) {
    this.kind = parts.kind;
    this.path = parts.path;
    this.config = parts.config;
    this.tensors = parts.tensors;
  }

  get tokenizer(): TokenizerFiles {
    this.tokenizerFiles ??= this.parts.readTokenizer();
    return this.tokenizerFiles;
  }

  async contentHash(): Promise<string> {
    this.hash ??= this.parts.hash();
    try {
      return await this.hash;
    } catch (thrown) {
      // What was aborted may be asked for again.
      this.hash = undefined;
      throw thrown;
    }
  }

  async mapped(options: ConvertOptions = {}): Promise<WeightSet> {
    return (
      (await inPlace(this.tensors)) ??
      (await converted(this.tensors, await this.contentHash(), this.parts.cache, options))
    );
  }

  async isMapped(): Promise<boolean> {
    return (
      (await inPlace(this.tensors)) !== undefined ||
      (await isConverted(await this.contentHash(), this.parts.cache))
    );
  }

  async readTensor(name: string): Promise<Float32Array> {
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return readStored(name, tensor);
    const near = nearest(name, this.tensors.keys());
    throw new InputError({
      what: 'the model has no such tensor',
      file: this.path,
      tensor: name,
      expected: near === undefined ? `one of ${this.tensors.size} others` : `perhaps '${near}'`,
    });
  }
}

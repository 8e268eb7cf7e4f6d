import { InputError } from '../base/errors';
import { nearest } from '../base/nearest';
import { converted, inPlace, type ConvertOptions } from './convert';
import { readStored } from './decode';
import type { ModelSource, StoredTensor, TokenizerFiles, WeightSet } from './source';

export interface StoredModelParts {
  readonly kind: ModelSource['kind'];
  readonly path: string;
  readonly config: unknown;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly contentHash: string;
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
  readonly contentHash: string;
  private tokenizerFiles: TokenizerFiles | undefined;

  constructor(private readonly parts: StoredModelParts) {
    this.kind = parts.kind;
    this.path = parts.path;
    this.config = parts.config;
    this.tensors = parts.tensors;
    this.contentHash = parts.contentHash;
  }

  get tokenizer(): TokenizerFiles {
    this.tokenizerFiles ??= this.parts.readTokenizer();
    return this.tokenizerFiles;
  }

  async mapped(options: ConvertOptions = {}): Promise<WeightSet> {
    return (
      (await inPlace(this.tensors)) ??
      (await converted(this.tensors, this.contentHash, this.parts.cache, options))
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

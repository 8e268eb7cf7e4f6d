import type { Encoding } from './encodings';

/** A tensor of a model as it is stored: `dtype` is the file's own name of the form, e.g. F32, BF16, Q4_1. */
interface TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A tensor and all that is needed to read it. */
export interface StoredTensor extends TensorInfo {
  /** Absolute path, and the bytes' place in it. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** How it becomes f32; undefined for integers and forms that are not read. */
  readonly encoding: Encoding | undefined;
  /**
   * Heads of a query or key projection whose rows llama.cpp has interleaved: row 2i + s of a head is row
   * s·(rows/2) + i in Hugging Face's order. Undefined where rows are in order.
   */
  readonly interleavedHeads?: number | undefined;
}

/** The parts of a tokenizer in Hugging Face's form, parsed but not looked at. */
export interface TokenizerFiles {
  /** `tokenizer.json` */
  readonly tokenizerJson: unknown;
  /** `tokenizer_config.json`; undefined where there is none */
  readonly tokenizerConfig: unknown;
  /** The model's Jinja chat template */
  readonly chatTemplate: string | undefined;
  /** `generation_config.json`; undefined where there is none */
  readonly generationConfig: unknown;
}

/** Where a float tensor's f32 numbers lie (little-endian, row-major): `file` is a name in `WeightSet.folder`. */
export interface MappedTensor {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly shape: readonly number[];
}

/** All float tensors of a model as f32 in one folder, to be mapped as external data. */
export interface WeightSet {
  readonly folder: string;
  readonly tensors: ReadonlyMap<string, MappedTensor>;
}

/** What a long operation has done so far, in bytes read. */
export interface Progress {
  readonly stage: 'hash' | 'convert';
  readonly file: string;
  readonly done: number;
  readonly total: number;
}

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Given the config and the file it stands in when a model is opened, before its weights are read: what it throws ends
   * the opening, so that nothing slow comes before an error that the config alone shows.
   */
  readonly onConfig?: ((config: unknown, path: string) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A pre-trained model on disk, whatever its form. */
export interface ModelSource {
  readonly kind: 'hugging-face' | 'gguf';
  /** Absolute path of the folder or file. */
  readonly path: string;
  /** `config.json`, or its equivalent: what it means is for the model families to say. */
  readonly config: unknown;
  /** @throws InputError where the model has no tokenizer that can be read */
  readonly tokenizer: TokenizerFiles;
  /** By Hugging Face's names. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * SHA-256 (hex) over the weight files' bytes: the same wherever the model lies. They are read for it once, when it is
   * first asked for; it is kept in the cache.
   */
  contentHash(): Promise<string>;
  /**
   * All float tensors as f32 in one folder. f32 files are used where they lie; anything else is converted once,
   * tensor by tensor, into the cache.
   * @throws InputError where the disk has not enough space (naming needed and free bytes), or a form is not read
   */
  mapped(options?: WorkOptions): Promise<WeightSet>;
  /** Whether `mapped` has nothing left to write: f32 files, or weights that have been converted before. */
  isMapped(): Promise<boolean>;
  /** One tensor as f32, read where it lies. @throws InputError for an unknown name */
  readTensor(name: string): Promise<Float32Array>;
}

/** Weights whose content is known by a hash, read tensor by tensor. */
export type TensorSource = Pick<ModelSource, 'contentHash' | 'readTensor'>;

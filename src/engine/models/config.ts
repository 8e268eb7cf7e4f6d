import { InputError } from '../../base/errors';
import type { RopeScaling } from './rope';

/** A decoder's numbers, normalised from the many spellings of Hugging Face's `config.json`. */
export interface DecoderConfig {
  readonly family: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly tiedHead: boolean;
  /** Biases on q, k and v; on o; on the MLP's projections. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** RMSNorm on each head's query and key (Qwen3). */
  readonly qkNorm: boolean;
  /** Per layer: how many positions back a query sees, or undefined for all. */
  readonly slidingWindows: readonly (number | undefined)[];
}

/** Reads typed fields out of a parsed `config.json`, and says which key is wrong. */
export class ConfigReader {
  constructor(
    private readonly object: Readonly<Record<string, unknown>>,
    readonly file: string,
    private readonly prefix = '',
  ) {}

  private fail(key: string, got: unknown, expected: string): never {
    throw new InputError({
      what: got === undefined ? 'the key is missing' : 'the value cannot be used',
      file: this.file,
      key: this.prefix + key,
      ...(got === undefined ? {} : { got: JSON.stringify(got) }),
      expected,
      remedy: 'Take config.json from the model as it was published.',
    });
  }

  has(key: string): boolean {
    const value = this.object[key];
    return value !== undefined && value !== null;
  }

  number(key: string, fallback?: number): number {
    const value = this.object[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.fail(key, value, 'a number');
  }

  /** A number above 0. */
  positive(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    return value > 0 ? value : this.fail(key, value, 'a number above 0');
  }

  /** A whole number from 1 to `most`, so that no damaged config asks for a huge allocation. */
  count(key: string, fallback?: number, most = 2 ** 31 - 1): number {
    const value = this.object[key] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
    return this.fail(key, value, `a whole number from 1 to ${most}`);
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.object[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    return this.fail(key, value, 'true or false');
  }

  string(key: string, fallback?: string): string {
    const value = this.object[key] ?? fallback;
    if (typeof value === 'string') return value;
    return this.fail(key, value, 'a string');
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.object[key];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    return this.fail(key, value, 'a list of strings');
  }

  nested(key: string): ConfigReader | undefined {
    const value = this.object[key];
    if (value === undefined || value === null) return undefined;
    if (isRecord(value)) return new ConfigReader(value, this.file, `${this.prefix}${key}.`);
    return this.fail(key, value, 'an object');
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

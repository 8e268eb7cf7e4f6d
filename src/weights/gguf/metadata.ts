import { InputError } from '../../base/errors';
import type { GgufHeader, GgufValue } from './header';

/** Typed look-ups in the metadata: undefined where a key is absent, an InputError where its value is another sort. */
export class Metadata {
  constructor(
    private readonly header: GgufHeader,
    readonly file: string,
  ) {}

  number(key: string): number | undefined {
    return this.value(
      key,
      'a number',
      (value): value is number => typeof value === 'number' && Number.isFinite(value),
    );
  }

  /** A whole number from 0. */
  count(key: string): number | undefined {
    return this.value(
      key,
      'a whole number from 0',
      (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
    );
  }

  string(key: string): string | undefined {
    return this.value(key, 'a text', (value): value is string => typeof value === 'string');
  }

  boolean(key: string): boolean | undefined {
    return this.value(key, 'true or false', (value): value is boolean => typeof value === 'boolean');
  }

  strings(key: string): readonly string[] | undefined {
    return this.value(
      key,
      'a list of texts',
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((item) => typeof item === 'string'),
    );
  }

  numbers(key: string): readonly number[] | undefined {
    return this.value(
      key,
      'a list of numbers',
      (value): value is readonly number[] =>
        Array.isArray(value) && value.every((item) => typeof item === 'number'),
    );
  }

  /** A whole number that must be there. */
  required(key: string): number {
    const value = this.count(key);
    if (value !== undefined && value > 0) return value;
    throw new InputError({
      what: 'the model says too little about itself',
      file: this.file,
      key,
      got: value === undefined ? 'nothing' : `${value}`,
      expected: 'a whole number from 1',
      remedy: 'Convert the model again with a current llama.cpp.',
    });
  }

  private value<T extends GgufValue>(
    key: string,
    expected: string,
    accepts: (value: GgufValue) => value is T,
  ): T | undefined {
    const value = this.header.metadata.get(key);
    if (value === undefined) return undefined;
    if (accepts(value)) return value;
    throw new InputError({
      what: 'the metadata value is not of the right sort',
      file: this.file,
      key,
      got: Array.isArray(value) ? `a list of ${value.length}` : String(value).slice(0, 100),
      expected,
    });
  }
}

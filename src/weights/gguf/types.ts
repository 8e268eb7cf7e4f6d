import { BF16, F16, F32, F64, type Encoding } from '../encodings';
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from './blocks';
import { Q4_K, Q5_K, Q6_K } from './kblocks';

/** ggml's tensor types by their number in a file (ggml.h); gaps are types that were withdrawn. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  8: 'Q8_0',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  30: 'BF16',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

const ENCODINGS = new Map(
  [F32, F16, BF16, F64, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K].map((e) => [e.name, e]),
);

/** The tensor types that are read, for error messages. */
export const SUPPORTED_TYPES = [...ENCODINGS.keys()];

/** ggml's name of a type number, e.g. 3 -> Q4_1; an unknown number is named as such. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `unknown type ${type}`;
}

/** How a type is decoded, or undefined where it is not read. */
export function typeEncoding(type: number): Encoding | undefined {
  return ENCODINGS.get(typeName(type));
}

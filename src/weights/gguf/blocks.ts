import type { Encoding } from '../encodings';
import { f16Values } from '../half';

/*
 * ggml's 32-number blocks: an f16 scale d (and minimum m), then 4-, 5- or 8-bit integers q. The low nibbles of a
 * block's 16 bytes are its first 16 numbers, the high nibbles the other 16. x = d (q - offset) or d q + m, each
 * rounded once to f32, as ggml and its Python package compute it. Without a minimum -0 is added, which changes
 * nothing, not even the sign of a zero.
 */

const BLOCK = 32;

function half(table: Float32Array, bytes: Uint8Array, at: number): number {
  return table[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

function fourBit(name: string, hasMinimum: boolean): Encoding {
  const head = hasMinimum ? 4 : 2;
  const offset = hasMinimum ? 0 : 8;
  const blockBytes = head + 16;
  const decode = (bytes: Uint8Array, out: Float32Array): void => {
    const table = f16Values();
    for (let at = 0, to = 0; to < out.length; at += blockBytes, to += BLOCK) {
      const d = half(table, bytes, at);
      const m = hasMinimum ? half(table, bytes, at + 2) : -0;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + head + j] ?? 0;
        out[to + j] = d * ((byte & 15) - offset) + m;
        out[to + 16 + j] = d * ((byte >> 4) - offset) + m;
      }
    }
  };
  return { name, blockSize: BLOCK, blockBytes, decode };
}

/** Five bits: the fifth of number j is bit j of a 32-bit word before the nibbles. */
function fiveBit(name: string, hasMinimum: boolean): Encoding {
  const head = hasMinimum ? 4 : 2;
  const offset = hasMinimum ? 0 : 16;
  const blockBytes = head + 20;
  const decode = (bytes: Uint8Array, out: Float32Array): void => {
    const table = f16Values();
    for (let at = 0, to = 0; to < out.length; at += blockBytes, to += BLOCK) {
      const d = half(table, bytes, at);
      const m = hasMinimum ? half(table, bytes, at + 2) : -0;
      const low = (bytes[at + head] ?? 0) | ((bytes[at + head + 1] ?? 0) << 8);
      const high = (bytes[at + head + 2] ?? 0) | ((bytes[at + head + 3] ?? 0) << 8);
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + head + 4 + j] ?? 0;
        out[to + j] = d * (((byte & 15) | (((low >> j) & 1) << 4)) - offset) + m;
        out[to + 16 + j] = d * (((byte >> 4) | (((high >> j) & 1) << 4)) - offset) + m;
      }
    }
  };
  return { name, blockSize: BLOCK, blockBytes, decode };
}

export const Q4_0 = fourBit('Q4_0', false);
export const Q4_1 = fourBit('Q4_1', true);
export const Q5_0 = fiveBit('Q5_0', false);
export const Q5_1 = fiveBit('Q5_1', true);

export const Q8_0: Encoding = {
  name: 'Q8_0',
  blockSize: BLOCK,
  blockBytes: 34,
  decode: (bytes, out) => {
    const table = f16Values();
    for (let at = 0, to = 0; to < out.length; at += 34, to += BLOCK) {
      const d = half(table, bytes, at);
      for (let j = 0; j < BLOCK; j++) out[to + j] = d * (((bytes[at + 2 + j] ?? 0) << 24) >> 24);
    }
  },
};

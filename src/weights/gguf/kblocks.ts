import type { Encoding } from '../encodings';
import { f16Values } from '../half';

/*
 * ggml's 256-number super-blocks ("K-quants"): 8 sub-blocks of 32 with 6-bit scales and minima for Q4_K and
 * Q5_K (x = d s q - dmin m), 16 of 16 with 8-bit scales for Q6_K (x = d s (q - 32)).
 */

const BLOCK = 256;

function half(table: Float32Array, bytes: Uint8Array, at: number): number {
  return table[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

/** Scale of sub-block j (0..7): 6 bits, of which the upper sub-blocks' two top bits lie in the lower ones' bytes. */
function scaleOf(bytes: Uint8Array, at: number, j: number): number {
  if (j < 4) return (bytes[at + j] ?? 0) & 63;
  return ((bytes[at + j + 4] ?? 0) & 15) | (((bytes[at + j - 4] ?? 0) >> 6) << 4);
}

function minimumOf(bytes: Uint8Array, at: number, j: number): number {
  if (j < 4) return (bytes[at + j + 4] ?? 0) & 63;
  return ((bytes[at + j + 4] ?? 0) >> 4) | (((bytes[at + j] ?? 0) >> 6) << 4);
}

/** Q4_K and Q5_K: d, dmin, 12 bytes of scales, (32 bytes of fifth bits,) 128 bytes of nibbles. */
function scaled(name: string, hasFifthBit: boolean): Encoding {
  const nibbles = hasFifthBit ? 48 : 16;
  const blockBytes = nibbles + 128;
  const decode = (bytes: Uint8Array, out: Float32Array): void => {
    const table = f16Values();
    for (let at = 0, to = 0; to < out.length; at += blockBytes, to += BLOCK) {
      const d = half(table, bytes, at);
      const dmin = half(table, bytes, at + 2);
      for (let j = 0; j < 8; j++) {
        const scale = d * scaleOf(bytes, at + 4, j);
        const minimum = dmin * minimumOf(bytes, at + 4, j);
        const from = at + nibbles + (j >> 1) * 32;
        const shift = (j & 1) * 4;
        for (let i = 0; i < 32; i++) {
          let q = ((bytes[from + i] ?? 0) >> shift) & 15;
          if (hasFifthBit) q |= (((bytes[at + 16 + i] ?? 0) >> j) & 1) << 4;
          out[to + j * 32 + i] = scale * q - minimum;
        }
      }
    }
  };
  return { name, blockSize: BLOCK, blockBytes, decode };
}

export const Q4_K = scaled('Q4_K', false);
export const Q5_K = scaled('Q5_K', true);

/** 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, d. */
export const Q6_K: Encoding = {
  name: 'Q6_K',
  blockSize: BLOCK,
  blockBytes: 210,
  decode: (bytes, out) => {
    const table = f16Values();
    for (let at = 0, to = 0; to < out.length; at += 210, to += BLOCK) {
      const d = half(table, bytes, at + 208);
      for (let n = 0; n < BLOCK; n++) {
        // Half (128 numbers) h, quarter k of it (32 numbers), number i of the quarter.
        const h = n >> 7;
        const k = (n >> 5) & 3;
        const i = n & 31;
        const low = ((bytes[at + h * 64 + (k & 1) * 32 + i] ?? 0) >> ((k >> 1) * 4)) & 15;
        const high = ((bytes[at + 128 + h * 32 + i] ?? 0) >> (k * 2)) & 3;
        const scale = ((bytes[at + 192 + (n >> 4)] ?? 0) << 24) >> 24;
        out[to + n] = d * scale * ((low | (high << 4)) - 32);
      }
    }
  },
};

import { bf16ToF32, f16ToF32 } from './half';

/**
 * How numbers of a tensor lie in a file, and how they become f32. A block is the smallest piece that can be
 * decoded on its own: one number for plain types, 32 or 256 for the quantised ones.
 */
export interface Encoding {
  readonly name: string;
  /** Numbers in a block, and its size in bytes. */
  readonly blockSize: number;
  readonly blockBytes: number;
  /** Decodes whole blocks; `out.length` = blocks × `blockSize`. `bytes` may start at any address. */
  readonly decode: (bytes: Uint8Array, out: Float32Array) => void;
}

/** A view on the same bytes where their address allows it, a copy where it does not. */
function aligned(bytes: Uint8Array, width: number): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

function halves(bytes: Uint8Array): Uint16Array {
  const source = aligned(bytes, 2);
  return new Uint16Array(source.buffer, source.byteOffset, source.length >> 1);
}

export const F32: Encoding = {
  name: 'F32',
  blockSize: 1,
  blockBytes: 4,
  decode: (bytes, out) => new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes),
};

export const F16: Encoding = {
  name: 'F16',
  blockSize: 1,
  blockBytes: 2,
  decode: (bytes, out) => f16ToF32(halves(bytes), out),
};

export const BF16: Encoding = {
  name: 'BF16',
  blockSize: 1,
  blockBytes: 2,
  decode: (bytes, out) => bf16ToF32(halves(bytes), out),
};

export const F64: Encoding = {
  name: 'F64',
  blockSize: 1,
  blockBytes: 8,
  decode: (bytes, out) => {
    const source = aligned(bytes, 8);
    out.set(new Float64Array(source.buffer, source.byteOffset, source.length >> 3));
  },
};

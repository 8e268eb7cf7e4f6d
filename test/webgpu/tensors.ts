import type { HostTensor } from '../../src/engine/graph/types';

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

let seed = 0;

/** Reproducible numbers in (-1, 1), through `map`. */
export function f32(shape: readonly number[], map: (x: number) => number = (x) => x): HostTensor {
  const data = Float32Array.from({ length: count(shape) }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return map(seed / 0x40000000 - 1);
  });
  return { dtype: 'f32', shape, data };
}

export function floats(shape: readonly number[], values: readonly number[]): HostTensor {
  return { dtype: 'f32', shape, data: Float32Array.from(values) };
}

export function ints(
  dtype: 'i32' | 'i64' | 'bool',
  shape: readonly number[],
  values: readonly number[],
): HostTensor {
  switch (dtype) {
    case 'i32':
      return { dtype, shape, data: Int32Array.from(values) };
    case 'i64':
      return { dtype, shape, data: BigInt64Array.from(values, (value) => BigInt(value)) };
    case 'bool':
      return { dtype, shape, data: Uint8Array.from(values) };
  }
}

/** Indices below `limit` that jump about; all different while there are no more than `limit`, which is no multiple of 7. */
export function indices(dtype: 'i32' | 'i64', shape: readonly number[], limit: number): HostTensor {
  return ints(
    dtype,
    shape,
    Array.from({ length: count(shape) }, (_, i) => (i * 7 + 3) % limit),
  );
}

export const positive = (x: number): number => Math.abs(x) + 0.1;
export const awayFromZero = (x: number): number => (x > 0 ? x + 0.2 : x - 0.2);
export const times =
  (factor: number) =>
  (x: number): number =>
    x * factor;

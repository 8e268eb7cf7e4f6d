import { elementCount } from '../../../src/engine/graph/dims';
import type { DType, HostTensor, OpAttributes, OpType, TensorData } from '../../../src/engine/graph/types';

/** What the interpreter computes with: numbers of any element type as f64, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** How one operator computes. `outputShape` is the declared shape of the first output, with its symbols bound. */
interface KernelCall<K extends OpType> {
  readonly attributes: OpAttributes[K];
  /** Inputs that are there, without those left out. */
  readonly inputs: readonly Tensor[];
  /** An input that must be there. */
  readonly input: (i: number) => Tensor;
  readonly outputShape: readonly number[];
}

type Kernel<K extends OpType> = (call: KernelCall<K>) => Tensor | readonly Tensor[];
export type Kernels = { readonly [K in OpType]: Kernel<K> };

export function tensor(shape: readonly number[], data?: Float64Array): Tensor {
  return { shape, data: data ?? new Float64Array(elementCount(shape)) };
}

/** Elements of a row-major array between one index and the next on each axis. */
export function strides(shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) result[i] = (result[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return result;
}

/** The product of dimensions. */
export function product(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}

export function resolveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** A shape as [outer, axis, inner] around one axis. */
export function around(
  shape: readonly number[],
  axis: number,
): { outer: number; size: number; inner: number } {
  const at = resolveAxis(axis, shape.length);
  return { outer: product(shape.slice(0, at)), size: shape[at] ?? 1, inner: product(shape.slice(at + 1)) };
}

/** For each element of `shape` in order, the offset in an array of other strides. */
export function offsets(shape: readonly number[], steps: readonly number[]): Int32Array {
  const result = new Int32Array(product(shape));
  let filled = 1;
  // From the last axis outwards: what is filled so far repeats with the axis' step added.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const step = steps[axis] ?? 0;
    for (let i = (shape[axis] ?? 1) - 1; i >= 1; i--) {
      for (let j = 0; j < filled; j++) result[i * filled + j] = (result[j] ?? 0) + i * step;
    }
    filled *= shape[axis] ?? 1;
  }
  return result;
}

/** Strides of `shape` as seen when broadcast to `target`: 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = strides(shape);
  const extra = target.length - shape.length;
  return target.map((_, i) => (i < extra || shape[i - extra] === 1 ? 0 : (own[i - extra] ?? 0)));
}

/** An index that may count from the end, checked. */
export function checkedIndex(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (!Number.isInteger(at) || at < 0 || at >= size)
    throw new Error(`index ${index} is outside 0 to ${size - 1}`);
  return at;
}

export function fromHost({ dtype, shape, data }: HostTensor): Tensor {
  if (data instanceof Uint16Array || dtype === 'f16') throw new Error('the interpreter does not read f16');
  if (data.length !== product(shape))
    throw new Error(`${data.length} elements for shape [${shape.join(', ')}]`);
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) numbers[i] = Number(data[i] ?? 0);
  return { shape, data: numbers };
}

export function toHost({ shape, data }: Tensor, dtype: DType): HostTensor {
  return { dtype, shape, data: typed(data, dtype) };
}

function typed(data: Float64Array, dtype: DType): TensorData {
  switch (dtype) {
    case 'f32':
      return Float32Array.from(data);
    case 'f64':
      return Float64Array.from(data);
    case 'i32':
      return Int32Array.from(data);
    case 'i64':
      return BigInt64Array.from(data, BigInt);
    case 'bool':
      return Uint8Array.from(data);
    case 'f16':
      throw new Error('the interpreter does not write f16');
  }
}

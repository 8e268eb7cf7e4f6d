import { GraphError } from '../../../base/errors';
import { broadcastShapes, type Dim, formatShape, type Shape, shapesEqual } from '../dims';
import type { DType, Value } from '../types';
import type { OpDefinition, ValueType } from './registry';

/*
 * What the shape rules of all families share. A rule says only what does not fit: `inferOutputs` adds the operator
 * and the inputs' types.
 */

/** Throws that a rule does not hold. */
export function mismatch(what: string, expected?: string): never {
  throw new GraphError({ what, expected });
}

/** The input with this index, which must be there. */
export function required(inputs: readonly (Value | undefined)[], index: number, label: string): Value {
  return inputs[index] ?? mismatch(`input ${index} (${label}) is missing`);
}

/** Checks that a value's element type is one of `allowed`. */
export function expectDType(value: Value, label: string, allowed: readonly DType[]): void {
  if (!allowed.includes(value.dtype)) mismatch(`${label} is ${value.dtype}`, allowed.join(' or '));
}

export const FLOATS: readonly DType[] = ['f32', 'f64', 'f16'];
export const NUMBERS: readonly DType[] = [...FLOATS, 'i64', 'i32'];
export const INDICES: readonly DType[] = ['i64', 'i32'];

/** Checks that two values have one element type. */
export function expectSameDType(a: Value, b: Value, label: string): void {
  if (a.dtype !== b.dtype) mismatch(`${label} differ in type: ${a.dtype} and ${b.dtype}`);
}

export function expectRank(value: Value, label: string, rank: number): void {
  if (value.shape.length !== rank) mismatch(`${label} has ${value.shape.length} axes`, String(rank));
}

export function expectShape(value: Value, label: string, shape: Shape): void {
  if (!shapesEqual(value.shape, shape)) {
    mismatch(`${label} has shape ${formatShape(value.shape)}`, formatShape(shape));
  }
}

/** An axis from -rank to rank - 1 as one from 0. */
export function resolveAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    mismatch(`axis ${axis} is not an axis of ${rank}`, rank === 0 ? 'no axis' : `${-rank} to ${rank - 1}`);
  }
  return resolved;
}

/** The dimension at an axis that `resolveAxis` returned. */
export function dimAt(shape: Shape, axis: number): Dim {
  return shape[axis] ?? mismatch(`shape ${formatShape(shape)} has no axis ${axis}`);
}

export function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, i) => (i === axis ? dim : old));
}

export function broadcast(a: Shape, b: Shape): Shape {
  return broadcastShapes(a, b) ?? mismatch(`${formatShape(a)} and ${formatShape(b)} do not broadcast`);
}

export function typeOf(value: Value): ValueType {
  return { dtype: value.dtype, shape: value.shape };
}

type PlainUnary =
  'Neg' | 'Exp' | 'Log' | 'Sqrt' | 'Reciprocal' | 'Sigmoid' | 'Softmax' | 'LogSoftmax' | 'QuickGelu';

/** An operator of one input whose output has the same type. */
export function unary<K extends PlainUnary>(
  since: number,
  dtypes: readonly DType[],
  more: Pick<OpDefinition<K>, 'inplace'> & Partial<Pick<OpDefinition<K>, 'domain'>> = {},
): OpDefinition<K> {
  return {
    domain: '',
    since,
    arity: [1, 1],
    ...more,
    infer(inputs) {
      const x = required(inputs, 0, 'x');
      expectDType(x, 'x', dtypes);
      return [typeOf(x)];
    },
  };
}

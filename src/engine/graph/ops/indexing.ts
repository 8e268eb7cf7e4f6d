import { formatShape, shapesEqual } from '../dims';
import type { Value } from '../types';
import type { OpDefinition } from './registry';
import {
  dimAt,
  expectDType,
  expectSameDType,
  expectShape,
  INDICES,
  mismatch,
  required,
  resolveAxis,
  typeOf,
  withDim,
} from './rules';

/** Checks that `indices` are one index for each element of `data` off the axis, and any number along it. */
function expectAlong(data: Value, indices: Value, axis: number): void {
  expectDType(indices, 'indices', INDICES);
  const at = resolveAxis(axis, data.shape.length);
  const sameRank = indices.shape.length === data.shape.length;
  if (!sameRank || !shapesEqual(withDim(indices.shape, at, 1), withDim(data.shape, at, 1))) {
    mismatch(`indices of shape ${formatShape(indices.shape)} do not follow data off axis ${at}`);
  }
}

/** Operators that read or write by index tensors. */
export const indexing: {
  readonly [K in 'Gather' | 'GatherElements' | 'ScatterElements' | 'ScatterND']: OpDefinition<K>;
} = {
  Gather: {
    domain: '',
    since: 13,
    arity: [2, 2],
    infer(inputs, { axis }) {
      const data = required(inputs, 0, 'data');
      const indices = required(inputs, 1, 'indices');
      expectDType(indices, 'indices', INDICES);
      if (resolveAxis(axis, data.shape.length) !== 0) mismatch(`axis is ${axis}`, '0');
      return [{ dtype: data.dtype, shape: [...indices.shape, ...data.shape.slice(1)] }];
    },
  },
  GatherElements: {
    domain: '',
    since: 13,
    arity: [2, 2],
    infer(inputs, { axis }) {
      const data = required(inputs, 0, 'data');
      const indices = required(inputs, 1, 'indices');
      expectAlong(data, indices, axis);
      return [{ dtype: data.dtype, shape: indices.shape }];
    },
  },
  ScatterElements: {
    domain: '',
    since: 18,
    arity: [3, 3],
    inplace: [0],
    infer(inputs, { axis }) {
      const data = required(inputs, 0, 'data');
      const indices = required(inputs, 1, 'indices');
      const updates = required(inputs, 2, 'updates');
      expectAlong(data, indices, axis);
      expectSameDType(data, updates, 'data and updates');
      expectShape(updates, 'updates', indices.shape);
      return [typeOf(data)];
    },
  },
  ScatterND: {
    domain: '',
    since: 18,
    arity: [3, 3],
    infer(inputs) {
      const data = required(inputs, 0, 'data');
      const indices = required(inputs, 1, 'indices');
      const updates = required(inputs, 2, 'updates');
      expectDType(indices, 'indices', ['i64']);
      expectSameDType(data, updates, 'data and updates');
      const last = resolveAxis(-1, indices.shape.length);
      const depth = dimAt(indices.shape, last);
      if (typeof depth === 'string' || depth < 1 || depth > data.shape.length) {
        mismatch(`the last axis of indices has length ${depth}`, `1 to ${data.shape.length}`);
      }
      expectShape(updates, 'updates', [...indices.shape.slice(0, -1), ...data.shape.slice(depth)]);
      return [typeOf(data)];
    },
  },
};

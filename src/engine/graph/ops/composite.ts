import { dimQuotient } from '../dims';
import type { CompositeOp } from '../types';
import type { OpDefinition, ValueType } from './registry';
import {
  dimAt,
  expectDType,
  expectRank,
  expectSameDType,
  expectShape,
  mismatch,
  required,
  typeOf,
} from './rules';

/** Operators of ours that are lowered to the others before a graph is emitted. */
export const composite: { readonly [K in CompositeOp]: OpDefinition<K> } = {
  SwiGLU: {
    domain: 'eigenloom',
    since: 1,
    arity: [2, 2],
    infer(inputs) {
      const gate = required(inputs, 0, 'gate');
      const up = required(inputs, 1, 'up');
      expectDType(gate, 'gate', ['f32', 'f64']);
      expectSameDType(gate, up, 'gate and up');
      expectShape(up, 'up', gate.shape);
      return [typeOf(gate)];
    },
  },
  LinearCrossEntropy: {
    domain: 'eigenloom',
    since: 1,
    arity: [4, 4],
    infer(inputs, { chunks, withWeightGradient }) {
      const hidden = required(inputs, 0, 'hidden');
      const weight = required(inputs, 1, 'weight');
      const labels = required(inputs, 2, 'labels');
      const weights = required(inputs, 3, 'weights');
      expectDType(hidden, 'hidden', ['f32', 'f64']);
      expectRank(hidden, 'hidden', 2);
      expectRank(weight, 'weight', 2);
      expectSameDType(hidden, weight, 'hidden and weight');
      expectSameDType(hidden, weights, 'hidden and weights');
      const positions = dimAt(hidden.shape, 0);
      expectShape(weight, 'weight', [dimAt(weight.shape, 0), dimAt(hidden.shape, 1)]);
      expectDType(labels, 'labels', ['i32', 'i64']);
      expectShape(labels, 'labels', [positions]);
      expectShape(weights, 'weights', [positions]);
      if (!Number.isInteger(chunks) || chunks < 1 || dimQuotient(positions, chunks) === undefined) {
        mismatch(`${positions} positions have no ${chunks} equal chunks`);
      }
      const loss: ValueType = { dtype: hidden.dtype, shape: [] };
      return withWeightGradient ? [loss, typeOf(hidden), typeOf(weight)] : [loss, typeOf(hidden)];
    },
  },
};

import { type Dim, formatShape } from '../dims';
import type { DType } from '../types';
import type { OpDefinition } from './registry';
import { expectDType, FLOATS, mismatch, NUMBERS, required, resolveAxis } from './rules';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceSumSquare';

function reduce<K extends Reduction>(since: number, dtypes: readonly DType[]): OpDefinition<K> {
  return {
    domain: '',
    since,
    arity: [1, 1],
    infer(inputs, { axes, keepdims }) {
      const x = required(inputs, 0, 'x');
      expectDType(x, 'x', dtypes);
      const reduced = new Set(axes.map((axis) => resolveAxis(axis, x.shape.length)));
      if (reduced.size !== axes.length || axes.length === 0) {
        mismatch(`axes ${formatShape(axes)} are empty or name one twice`, 'one or more distinct axes');
      }
      const shape = x.shape.flatMap((dim, i): Dim[] => (reduced.has(i) ? (keepdims ? [1] : []) : [dim]));
      return [{ dtype: x.dtype, shape }];
    },
  };
}

/** Reductions over named axes. */
export const reduction: { readonly [K in Reduction]: OpDefinition<K> } = {
  ReduceSum: reduce(13, NUMBERS),
  ReduceMean: reduce(18, FLOATS),
  ReduceSumSquare: reduce(18, FLOATS),
};

import { dimQuotient } from '../dims';
import type { OpDefinition } from './registry';
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

/** Operators that only transformers know. */
export const transformer: { readonly [K in 'RotaryEmbedding']: OpDefinition<K> } = {
  RotaryEmbedding: {
    domain: 'com.microsoft',
    since: 1,
    arity: [4, 4],
    infer(inputs, { headDim }) {
      const x = required(inputs, 0, 'x');
      const positions = required(inputs, 1, 'position_ids');
      const cos = required(inputs, 2, 'cos_cache');
      const sin = required(inputs, 3, 'sin_cache');
      expectDType(x, 'x', ['f32', 'f16']);
      expectRank(x, 'x', 3);
      const width = dimAt(x.shape, 2);
      if (
        !Number.isInteger(headDim) ||
        headDim < 2 ||
        headDim % 2 !== 0 ||
        dimQuotient(width, headDim) === undefined
      ) {
        mismatch(
          `x of width ${width} has no whole number of heads of ${headDim}`,
          'an even headDim that divides it',
        );
      }
      expectDType(positions, 'position_ids', ['i64']);
      expectShape(positions, 'position_ids', x.shape.slice(0, 2));
      expectRank(cos, 'cos_cache', 2);
      expectShape(cos, 'cos_cache', [dimAt(cos.shape, 0), headDim / 2]);
      expectShape(sin, 'sin_cache', cos.shape);
      expectSameDType(x, cos, 'x and cos_cache');
      expectSameDType(x, sin, 'x and sin_cache');
      return [typeOf(x)];
    },
  },
};

import type { OpDefinition } from './registry';
import { broadcast, expectDType, expectSameDType, FLOATS, NUMBERS, required, typeOf, unary } from './rules';

type Binary = 'Add' | 'Sub' | 'Mul' | 'Div' | 'Min' | 'Max';

function binary<K extends Binary>(since: number): OpDefinition<K> {
  return {
    domain: '',
    since,
    arity: [2, 2],
    infer(inputs) {
      const a = required(inputs, 0, 'a');
      const b = required(inputs, 1, 'b');
      expectDType(a, 'a', NUMBERS);
      expectSameDType(a, b, 'a and b');
      return [{ dtype: a.dtype, shape: broadcast(a.shape, b.shape) }];
    },
  };
}

/** Operators that work element by element, with NumPy's broadcasting where there are two inputs. */
export const elementwise: {
  readonly [K in Binary]: OpDefinition<K>;
} & {
  readonly [
    K in 'Neg' | 'Exp' | 'Log' | 'Sqrt' | 'Reciprocal' | 'Sigmoid' | 'QuickGelu' | 'Cast' | 'Identity'
  ]: OpDefinition<K>;
} = {
  Add: binary(14),
  Sub: binary(14),
  Mul: binary(14),
  Div: binary(14),
  Min: binary(13),
  Max: binary(13),
  Neg: unary(13, NUMBERS),
  Exp: unary(13, FLOATS),
  Log: unary(13, FLOATS),
  Sqrt: unary(13, FLOATS),
  Reciprocal: unary(13, FLOATS),
  Sigmoid: unary(13, FLOATS, { inplace: [0] }),
  QuickGelu: unary(1, FLOATS, { domain: 'com.microsoft' }),
  Cast: {
    domain: '',
    since: 21,
    arity: [1, 1],
    // Taken only where both element types have one size: the runtime compares byte sizes first.
    inplace: [0],
    infer(inputs, { to }) {
      return [{ dtype: to, shape: required(inputs, 0, 'x').shape }];
    },
  },
  Identity: {
    domain: '',
    since: 21,
    arity: [1, 1],
    alias: 0,
    infer(inputs) {
      return [typeOf(required(inputs, 0, 'x'))];
    },
  },
};

import { type Dim, dimProduct, dimQuotient, dimSum, formatShape, type Shape, shapesEqual } from '../dims';
import type { OpDefinition } from './registry';
import { broadcast, dimAt, expectSameDType, mismatch, required, resolveAxis, withDim } from './rules';

/** The shape with its -1, if any, replaced by what is left of the elements. */
function resolveReshape(from: Shape, to: Shape): Shape {
  const total = dimProduct(from);
  const known: Dim[] = to.filter((dim) => dim !== -1);
  if (to.length - known.length > 1) mismatch(`shape ${formatShape(to)} has more than one -1`);
  const bad = known.find((dim) => typeof dim === 'number' && !(Number.isInteger(dim) && dim > 0));
  if (bad !== undefined)
    mismatch(`shape ${formatShape(to)} has the dimension ${bad}`, 'positive whole numbers');
  const product = dimProduct(known);
  if (known.length === to.length) {
    if (product !== total) mismatch(`shape ${formatShape(to)} has ${product} elements`, `${total}`);
    return to.map((dim) => dimProduct([dim]));
  }
  const rest = dimQuotient(total, product);
  if (rest === undefined) mismatch(`${total} elements cannot be shaped to ${formatShape(to)}`);
  return to.map((dim) => (dim === -1 ? rest : dimProduct([dim])));
}

/** Operators that move elements and compute nothing. */
export const movement: {
  readonly [K in 'Transpose' | 'Reshape' | 'Concat' | 'Slice' | 'Split' | 'Expand']: OpDefinition<K>;
} = {
  Transpose: {
    domain: '',
    since: 21,
    arity: [1, 1],
    infer(inputs, { perm }) {
      const x = required(inputs, 0, 'x');
      const rank = x.shape.length;
      const valid =
        perm.length === rank && new Set(perm).size === rank && perm.every((axis) => axis in x.shape);
      if (!valid) mismatch(`perm ${formatShape(perm)} is no permutation`, `of 0 to ${rank - 1}`);
      return [{ dtype: x.dtype, shape: perm.map((axis) => dimAt(x.shape, axis)) }];
    },
  },
  Reshape: {
    domain: '',
    since: 21,
    arity: [1, 1],
    alias: 0,
    infer(inputs, { shape }) {
      const x = required(inputs, 0, 'x');
      return [{ dtype: x.dtype, shape: resolveReshape(x.shape, shape) }];
    },
  },
  Concat: {
    domain: '',
    since: 13,
    arity: [1, Infinity],
    infer(inputs, { axis }) {
      const first = required(inputs, 0, 'x0');
      const at = resolveAxis(axis, first.shape.length);
      const along = inputs.map((_, i) => {
        const x = required(inputs, i, `x${i}`);
        expectSameDType(first, x, `x0 and x${i}`);
        if (
          x.shape.length !== first.shape.length ||
          !shapesEqual(withDim(x.shape, at, 1), withDim(first.shape, at, 1))
        ) {
          mismatch(`x0 and x${i} differ on an axis that is not joined`, `equal but for axis ${at}`);
        }
        return dimAt(x.shape, at);
      });
      const sum = dimSum(along);
      if (sum === undefined) mismatch(`the lengths ${along.join(' + ')} have no common symbolic form`);
      return [{ dtype: first.dtype, shape: withDim(first.shape, at, sum) }];
    },
  },
  Slice: {
    domain: '',
    since: 13,
    arity: [1, 1],
    infer(inputs, { axis, start, end }) {
      const x = required(inputs, 0, 'x');
      const at = resolveAxis(axis, x.shape.length);
      const dim = dimAt(x.shape, at);
      if (typeof dim === 'string') mismatch(`axis ${at} has the symbolic length ${dim}`, 'a number');
      const whole = Number.isInteger(start) && Number.isInteger(end);
      if (!whole || start < 0 || start >= end || end > dim) {
        mismatch(
          `slice ${start} to ${end} does not fit axis ${at} of length ${dim}`,
          `0 <= start < end <= ${dim}`,
        );
      }
      return [{ dtype: x.dtype, shape: withDim(x.shape, at, end - start) }];
    },
  },
  Split: {
    domain: '',
    since: 18,
    arity: [1, 1],
    infer(inputs, { axis, parts }) {
      const x = required(inputs, 0, 'x');
      const at = resolveAxis(axis, x.shape.length);
      const dim = dimAt(x.shape, at);
      const part = Number.isInteger(parts) && parts > 0 ? dimQuotient(dim, parts) : undefined;
      if (part === undefined) mismatch(`axis ${at} of length ${dim} has no ${parts} equal parts`);
      const shape = withDim(x.shape, at, part);
      return Array.from({ length: parts }, () => ({ dtype: x.dtype, shape }));
    },
  },
  Expand: {
    domain: '',
    since: 13,
    arity: [1, 1],
    infer(inputs, { shape }) {
      const x = required(inputs, 0, 'x');
      const bad = shape.find((dim) => typeof dim === 'string' || !Number.isInteger(dim) || dim < 1);
      if (bad !== undefined)
        mismatch(`target shape ${formatShape(shape)} has ${bad}`, 'positive whole numbers');
      if (!shapesEqual(broadcast(x.shape, shape), shape))
        mismatch(`x does not broadcast to ${formatShape(shape)}`);
      return [{ dtype: x.dtype, shape }];
    },
  },
};

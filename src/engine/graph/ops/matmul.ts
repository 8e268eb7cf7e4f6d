import { type Dim, formatShape, type Shape, shapesEqual } from '../dims';
import type { Value } from '../types';
import type { OpDefinition, ValueType } from './registry';
import {
  broadcast,
  dimAt,
  expectDType,
  expectRank,
  expectSameDType,
  FLOATS,
  mismatch,
  required,
} from './rules';

interface Transposes {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** The last two dimensions, swapped where the product reads the matrix transposed. */
function matrixDims(value: Value, label: string, transposed: boolean): readonly [Dim, Dim] {
  const rank = value.shape.length;
  if (rank < 2) mismatch(`${label} has ${rank} axes`, '2 or more');
  const rows = dimAt(value.shape, rank - 2);
  const columns = dimAt(value.shape, rank - 1);
  return transposed ? [columns, rows] : [rows, columns];
}

function product(
  inputs: readonly (Value | undefined)[],
  { transA = false, transB = false }: Transposes,
): ValueType {
  const a = required(inputs, 0, 'a');
  const b = required(inputs, 1, 'b');
  expectDType(a, 'a', FLOATS);
  expectSameDType(a, b, 'a and b');
  const [rows, inner] = matrixDims(a, 'a', transA);
  const [innerB, columns] = matrixDims(b, 'b', transB);
  if (inner !== innerB) mismatch(`inner dimensions ${inner} and ${innerB} differ`);
  const batch: Shape = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { dtype: a.dtype, shape: [...batch, rows, columns] };
}

/** Matrix products. */
export const matmul: { readonly [K in 'Gemm' | 'MatMul' | 'FusedMatMul']: OpDefinition<K> } = {
  Gemm: {
    domain: '',
    since: 13,
    arity: [2, 3],
    infer(inputs, attributes) {
      expectRank(required(inputs, 0, 'a'), 'a', 2);
      expectRank(required(inputs, 1, 'b'), 'b', 2);
      const out = product(inputs, attributes);
      const c = inputs[2];
      if (c !== undefined) {
        if (c.dtype !== out.dtype) mismatch(`c is ${c.dtype}`, out.dtype);
        // A scalar C aborts the process on WebGPU, though ONNX allows it.
        if (
          c.shape.length < 1 ||
          c.shape.length > 2 ||
          !shapesEqual(broadcast(c.shape, out.shape), out.shape)
        ) {
          mismatch(
            `c of shape ${formatShape(c.shape)} does not broadcast to the product`,
            formatShape(out.shape),
          );
        }
      }
      return [out];
    },
  },
  MatMul: {
    domain: '',
    since: 13,
    arity: [2, 2],
    infer: (inputs) => [product(inputs, {})],
  },
  FusedMatMul: {
    domain: 'com.microsoft',
    since: 1,
    arity: [2, 2],
    infer: (inputs, attributes) => [product(inputs, attributes)],
  },
};

import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { RandomStream } from '../../../../../src/base/random';
import type { FactoredChange } from '../../../../../src/engine/spectra/change/products';

/** A change whose factors are given by what stands in their rows and columns. */
export function changeOf(
  outputs: number,
  inputs: number,
  rank: number,
  b: (row: number, column: number) => number,
  a: (row: number, column: number) => number,
): FactoredChange {
  const fill = (rows: number, columns: number, at: typeof a): Float32Array =>
    Float32Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
  return { name: 'w', outputs, inputs, rank, b: fill(outputs, rank, b), a: fill(rank, inputs, a) };
}

/** A change of random factors. */
export function randomChange(outputs: number, inputs: number, rank: number, seed = 1): FactoredChange {
  const random = new RandomStream(seed, 'change');
  return {
    name: 'w',
    outputs,
    inputs,
    rank,
    b: random.normals(outputs * rank, 0.1),
    a: random.normals(rank * inputs),
  };
}

/** B A, formed in f64. */
export function dense({ outputs, inputs, rank, b, a }: FactoredChange): Matrix {
  return Matrix.from1DArray(outputs, rank, Array.from(b)).mmul(
    Matrix.from1DArray(rank, inputs, Array.from(a)),
  );
}

/** A whole decomposition by another program: u [rows, n] and v [columns, n] as columns. */
export function svd(matrix: Matrix): { readonly values: number[]; readonly u: Matrix; readonly v: Matrix } {
  const found = new SingularValueDecomposition(matrix, { autoTranspose: true });
  return { values: found.diagonal, u: found.leftSingularVectors, v: found.rightSingularVectors };
}

/** ||m||_F^2 */
export function energy(matrix: Matrix): number {
  return matrix.to1DArray().reduce((sum, value) => sum + value * value, 0);
}

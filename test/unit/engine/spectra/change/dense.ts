import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { RandomStream } from '../../../../../src/base/random';
import type { DecomposedChange } from '../../../../../src/engine/spectra/change/decompose';
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

/** The first `rank` singular triples of a change; those beyond `count` are zero vectors. */
export function topOfChange(
  { outputs, inputs, rank: inner, a, b }: FactoredChange,
  { values, count, left, right }: DecomposedChange,
  rank: number,
): { readonly u: Float32Array; readonly sigma: Float32Array; readonly vt: Float32Array } {
  const n = Math.min(rank, count);
  const [u, vt] = [Matrix.zeros(outputs, rank), Matrix.zeros(rank, inputs)];
  if (n > 0) {
    const matrix = (rows: number, columns: number, numbers: ArrayLike<number>): Matrix =>
      Matrix.from1DArray(rows, columns, Array.from(numbers));
    u.setSubMatrix(matrix(outputs, inner, b).mmul(matrix(inner, n, left(n))), 0, 0);
    vt.setSubMatrix(
      matrix(inner, n, right(n))
        .transpose()
        .mmul(matrix(inner, inputs, a)),
      0,
      0,
    );
  }
  return {
    u: Float32Array.from(u.to1DArray()),
    sigma: Float32Array.from({ length: rank }, (_, k) => values[k] ?? 0),
    vt: Float32Array.from(vt.to1DArray()),
  };
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

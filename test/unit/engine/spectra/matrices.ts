import { Matrix, QrDecomposition } from 'ml-matrix';
import { RandomStream } from '../../../../src/base/random';
import { multiply } from '../../../../src/engine/adapters/factors';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';

/** A matrix [rows, columns] with known singular values. */
export interface Spectral {
  readonly rows: number;
  readonly columns: number;
  readonly weight: Float32Array;
  /** Descending; the rest are 0. */
  readonly sigma: readonly number[];
}

/** U diag(sigma) V^T with random orthonormal U and V. */
export function withSpectrum(rows: number, columns: number, sigma: readonly number[], seed = 1): Spectral {
  const u = orthonormal(rows, sigma.length, seed);
  const v = orthonormal(columns, sigma.length, seed + 1);
  const weight = Float32Array.from(
    u
      .mul(Matrix.ones(rows, 1).mmul(Matrix.rowVector([...sigma])))
      .mmul(v.transpose())
      .to1DArray(),
  );
  return { rows, columns, weight, sigma };
}

function orthonormal(rows: number, columns: number, seed: number): Matrix {
  const numbers = new RandomStream(seed, 'orthonormal').normals(rows * columns);
  return new QrDecomposition(
    Matrix.from1DArray(rows, columns, Array.from(numbers)),
  ).orthogonalMatrix.subMatrix(0, rows - 1, 0, columns - 1);
}

/** Largest element of Q^T Q - I over the columns of q [rows, columns], row-major. */
export function orthogonalityError(q: Float32Array, rows: number, columns: number): number {
  const matrix = Matrix.from1DArray(rows, columns, Array.from(q));
  return matrix.transpose().mmul(matrix).sub(Matrix.eye(columns)).abs().max();
}

/** ||W||^2 - ||W - U diag(sigma) V^T||^2: the energy that a low-rank approximation takes out of W. */
export function capturedEnergy(
  { rows, columns, weight }: Spectral,
  found: { readonly u: Float32Array; readonly sigma: Float32Array; readonly vt: Float32Array },
): number {
  const rank = found.sigma.length;
  let energy = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const w = weight[i * columns + j] ?? NaN;
      let approximation = 0;
      for (let k = 0; k < rank; k++) {
        approximation +=
          (found.u[i * rank + k] ?? NaN) * (found.sigma[k] ?? NaN) * (found.vt[k * columns + j] ?? NaN);
      }
      energy += w * w - (w - approximation) ** 2;
    }
  }
  return energy;
}

export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(Matrix.from1DArray(rows, columns, Array.from(matrix)).transpose().to1DArray());
}

/** Cosines of the principal angles between the spans of orthonormal columns a and b [n, k] (Björck & Golub 1973). */
export function principalCosines(a: Float32Array, b: Float32Array, k: number): Float32Array {
  const n = a.length / k;
  return exactTopSingular(multiply(transposed(a, n, k), b, k, n, k), k, k, k).sigma;
}

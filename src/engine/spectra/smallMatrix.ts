import { symmetricEigen } from './symmetricEigen';

/** What makes the columns of some Y [n, q] orthonormal. */
export interface Orthonormaliser {
  /** [q, q]: Y times this has orthonormal columns, or zero ones where Y has fewer directions. */
  readonly factor: Float32Array;
  /** About the length of Y's shortest direction, never less than it; 0 where it has fewer than q. */
  readonly shortest: number;
  /** About the length of its longest, never more. */
  readonly longest: number;
}

/**
 * From the Gram matrix Y^T Y in f64 (Cholesky QR). Where that is not safely positive definite (Y has dependent columns)
 * its eigenvectors are used, and directions without content become zero columns.
 */
export function orthonormaliser(gram: Float64Array, q: number): Orthonormaliser {
  const found = inverseCholesky(gram, q);
  if (found !== undefined) return found;
  const { values, vectors } = symmetricEigen(gram, q);
  const floor = (values[0] ?? 0) * 1e-10;
  const out = new Float32Array(q * q);
  for (let j = 0; j < q; j++) {
    const value = values[j] ?? 0;
    if (value <= floor || value <= 0) continue;
    for (let i = 0; i < q; i++) out[i * q + j] = (vectors[i * q + j] ?? 0) / Math.sqrt(value);
  }
  return { factor: out, shortest: 0, longest: Math.sqrt(Math.max(0, values[0] ?? 0)) };
}

/** Least ratio of the diagonal's numbers of a Cholesky factor for which it counts as safe to invert. */
const SAFE = 1e-4;

/**
 * L^-T, upper triangular, of the Cholesky decomposition L L^T of a symmetric matrix [q, q]; undefined where that is
 * not safely positive definite. Both are built by rows, of which the inner loops run along.
 */
function inverseCholesky(symmetric: Float64Array, q: number): Orthonormaliser | undefined {
  const lower = new Float64Array(q * q);
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < q; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = symmetric[i * q + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (lower[i * q + k] ?? 0) * (lower[j * q + k] ?? 0);
      lower[i * q + j] = i === j ? Math.sqrt(sum) : sum / (lower[j * q + j] ?? 0);
    }
    const diagonal = lower[i * q + i] ?? 0;
    // Not so for what is no number.
    if (!(diagonal > 0)) return undefined;
    [least, most] = [Math.min(least, diagonal), Math.max(most, diagonal)];
  }
  if (least <= SAFE * most) return undefined;
  // Row i of L^-1 is (e_i - sum of L_ik row k) / L_ii.
  const inverse = new Float64Array(q * q);
  const out = new Float32Array(q * q);
  for (let i = 0; i < q; i++) {
    inverse[i * q + i] = 1;
    for (let k = 0; k < i; k++) {
      const factor = lower[i * q + k] ?? 0;
      for (let j = 0; j <= k; j++)
        inverse[i * q + j] = (inverse[i * q + j] ?? 0) - factor * (inverse[k * q + j] ?? 0);
    }
    const scale = 1 / (lower[i * q + i] ?? 0);
    for (let j = 0; j <= i; j++) {
      const value = (inverse[i * q + j] ?? 0) * scale;
      inverse[i * q + j] = value;
      out[j * q + i] = value;
    }
  }
  return { factor: out, shortest: least, longest: most };
}

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * The right factor T [q, q] that makes Y T orthonormal, from the Gram matrix Y^T Y in f64 (Cholesky QR). Where the
 * Gram matrix is not safely positive definite (Y has dependent columns) its eigenvectors are used, and directions
 * without content become zero columns.
 */
export function orthonormaliser(gram: Float64Array, q: number): Float32Array {
  const inverse = inverseCholesky(gram, q);
  if (inverse !== undefined) return inverse;
  const { values, vectors } = eigenDescending(gram, q);
  const floor = (values[0] ?? 0) * 1e-10;
  const out = new Float32Array(q * q);
  for (let j = 0; j < q; j++) {
    const value = values[j] ?? 0;
    if (value <= floor || value <= 0) continue;
    for (let i = 0; i < q; i++) out[i * q + j] = (vectors[i * q + j] ?? 0) / Math.sqrt(value);
  }
  return out;
}

/** Least ratio of the diagonal's numbers of a Cholesky factor for which it counts as safe to invert. */
const SAFE = 1e-4;

/**
 * L^-T, upper triangular, of the Cholesky decomposition L L^T of a symmetric matrix [q, q]; undefined where that is
 * not safely positive definite. Both are built by rows, of which the inner loops run along.
 */
function inverseCholesky(symmetric: Float64Array, q: number): Float32Array | undefined {
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
  return out;
}

/** Eigenvalues (descending) and vectors (columns, row-major) of a symmetric matrix [q, q]. */
export function eigenDescending(
  symmetric: Float64Array,
  q: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(q, q, Array.from(symmetric)), {
    assumeSymmetric: true,
  });
  const found = decomposition.realEigenvalues;
  const order = found.map((_, i) => i).sort((i, j) => (found[j] ?? 0) - (found[i] ?? 0));
  const values = new Float64Array(q);
  const vectors = new Float64Array(q * q);
  order.forEach((from, to) => {
    values[to] = found[from] ?? 0;
    for (let i = 0; i < q; i++) vectors[i * q + to] = decomposition.eigenvectorMatrix.get(i, from);
  });
  return { values, vectors };
}

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix, inverse } from 'ml-matrix';

/**
 * The right factor T [q, q] that makes Y T orthonormal, from the Gram matrix Y^T Y in f64 (Cholesky QR). Where the
 * Gram matrix is not safely positive definite (Y has dependent columns) its eigenvectors are used, and directions
 * without content become zero columns.
 */
export function orthonormaliser(gram: Float64Array, q: number): Float32Array {
  const matrix = Matrix.from1DArray(q, q, Array.from(gram));
  const cholesky = new CholeskyDecomposition(matrix);
  if (cholesky.isPositiveDefinite()) {
    const lower = cholesky.lowerTriangularMatrix;
    const diagonal = lower.diagonal();
    if (Math.min(...diagonal) > 1e-4 * Math.max(...diagonal)) {
      return Float32Array.from(inverse(lower).transpose().to1DArray());
    }
  }
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

import { SingularValueDecomposition, Matrix } from 'ml-matrix';
import type { TopSingular } from '../adapters/method';

/**
 * The top `rank` singular triples of W [rows, columns] by a whole decomposition in f64 (Golub-Kahan). For small
 * matrices, where it costs less than a randomised one and leaves no error.
 */
export function exactTopSingular(
  weight: Float32Array,
  rows: number,
  columns: number,
  rank: number,
): TopSingular {
  const matrix = Matrix.from1DArray(rows, columns, Array.from(weight));
  const svd = new SingularValueDecomposition(matrix, { autoTranspose: true });
  const order = svd.diagonal.map((_, i) => i).sort((i, j) => (svd.diagonal[j] ?? 0) - (svd.diagonal[i] ?? 0));
  const u = new Float32Array(rows * rank);
  const sigma = new Float32Array(rank);
  const vt = new Float32Array(rank * columns);
  const left = svd.leftSingularVectors;
  const right = svd.rightSingularVectors;
  for (let k = 0; k < rank; k++) {
    const from = order[k] ?? k;
    sigma[k] = svd.diagonal[from] ?? 0;
    for (let i = 0; i < rows; i++) u[i * rank + k] = left.get(i, from);
    for (let j = 0; j < columns; j++) vt[k * columns + j] = right.get(j, from);
  }
  return { u, sigma, vt };
}

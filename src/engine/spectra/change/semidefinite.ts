/** Unit round-off of f64. */
const U = 2 ** -53;

/**
 * R [m, size] with R^T R = G for a Gram matrix G [size, size] whose diagonal is 1, by Cholesky's decomposition with
 * the largest diagonal number first (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 10.3);
 * m is the number of directions above round-off. The order of the columns is G's own.
 */
export function gramFactor(
  gram: Float64Array,
  size: number,
): { readonly rows: number; readonly factor: Float64Array } {
  const factor = new Float64Array(size * size);
  const left = Float64Array.from({ length: size }, (_, i) => gram[i * size + i] ?? 0);
  for (let rows = 0; rows < size; rows++) {
    let pivot = 0;
    for (let i = 1; i < size; i++) if ((left[i] ?? 0) > (left[pivot] ?? 0)) pivot = i;
    const most = left[pivot] ?? 0;
    if (most <= size * U) return { rows, factor: factor.subarray(0, rows * size) };
    const row = factor.subarray(rows * size, (rows + 1) * size);
    row.set(gram.subarray(pivot * size, (pivot + 1) * size));
    for (let k = 0; k < rows; k++) {
      const above = factor[k * size + pivot] ?? 0;
      for (let j = 0; j < size; j++) row[j] = (row[j] ?? 0) - above * (factor[k * size + j] ?? 0);
    }
    const root = Math.sqrt(most);
    for (let j = 0; j < size; j++) {
      // What has been taken is done with: of it only round-off is left.
      const value = left[j] === 0 ? 0 : (row[j] ?? 0) / root;
      row[j] = value;
      left[j] = left[j] === 0 ? 0 : Math.max(0, (left[j] ?? 0) - value * value);
    }
    left[pivot] = 0;
  }
  return { rows: size, factor };
}

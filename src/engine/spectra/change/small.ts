/** a b of small matrices a [m, k] and b [k, n], row-major: [m, n]. */
export function product(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    const row = out.subarray(i * n, (i + 1) * n);
    let p = 0;
    // Four rows of b at once: the row that is added to is read and written a quarter as often.
    for (; p + 3 < k; p += 4) {
      const [at, first] = [i * k + p, p * n];
      const [f0, f1, f2, f3] = [a[at] ?? 0, a[at + 1] ?? 0, a[at + 2] ?? 0, a[at + 3] ?? 0];
      for (let j = 0; j < n; j++) {
        const here = first + j;
        row[j] =
          (row[j] ?? 0) +
          f0 * (b[here] ?? 0) +
          f1 * (b[here + n] ?? 0) +
          f2 * (b[here + 2 * n] ?? 0) +
          f3 * (b[here + 3 * n] ?? 0);
      }
    }
    for (; p < k; p++) {
      const factor = a[i * k + p] ?? 0;
      for (let j = 0; j < n; j++) row[j] = (row[j] ?? 0) + factor * (b[p * n + j] ?? 0);
    }
  }
  return out;
}

/** The transpose of a matrix [rows, columns]. */
export function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j] ?? 0;
  }
  return out;
}

/** The first `count` columns of a matrix of `width` columns. */
export function firstColumns(matrix: Float64Array, width: number, count: number): Float64Array {
  const rows = width === 0 ? 0 : matrix.length / width;
  const out = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) out.set(matrix.subarray(i * width, i * width + count), i * count);
  return out;
}

/** Multiplies column k by factor(k), in place. */
export function scaleByColumn(
  matrix: Float64Array,
  columns: number,
  factor: (column: number) => number,
): Float64Array {
  for (let j = 0; j < columns; j++) {
    const by = factor(j);
    for (let i = j; i < matrix.length; i += columns) matrix[i] = (matrix[i] ?? 0) * by;
  }
  return matrix;
}

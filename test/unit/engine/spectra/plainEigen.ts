/** What the kernels are compared with: the same mathematics, written as plainly as it can be. */

export interface Tridiagonal {
  readonly diagonal: readonly number[];
  /** The i-th stands between rows i - 1 and i; the first is 0. */
  readonly offDiagonal: readonly number[];
}

/** Householder tridiagonalisation of a symmetric matrix from its last row up, on all of the matrix. */
export function plainTridiagonal(symmetric: readonly (readonly number[])[]): Tridiagonal {
  const a = symmetric.map((row) => [...row]);
  const at = (i: number, j: number): number => a[i]?.[j] ?? NaN;
  const offDiagonal = a.map(() => 0);
  for (let m = a.length - 1; m > 0; m--) {
    const x = Array.from({ length: m }, (_, j) => at(m, j));
    const norm = Math.hypot(...x);
    const alpha = x[m - 1] ?? NaN;
    const left = alpha < 0 ? norm : -norm;
    offDiagonal[m] = Math.hypot(...x.slice(0, -1)) === 0 ? alpha : left;
    if (offDiagonal[m] === alpha) continue;
    x[m - 1] = alpha - left;
    const square = x.reduce((sum, value) => sum + value * value, 0);
    const y = x.map((_, i) => (2 / square) * x.reduce((sum, value, j) => sum + at(i, j) * value, 0));
    const half = x.reduce((sum, value, i) => sum + value * (y[i] ?? NaN), 0) / square;
    const w = y.map((value, i) => value - half * (x[i] ?? NaN));
    for (let i = 0; i < m; i++) {
      const row = a[i] ?? [];
      for (let j = 0; j < m; j++) {
        row[j] = at(i, j) - (x[i] ?? NaN) * (w[j] ?? NaN) - (w[i] ?? NaN) * (x[j] ?? NaN);
      }
    }
  }
  return { diagonal: a.map((_, i) => at(i, i)), offDiagonal };
}

/** All eigenvalues, descending, by halving intervals and counting signs (Sturm sequences): slow, but hard to get wrong. */
export function bisectedEigenvalues({ diagonal, offDiagonal }: Tridiagonal): number[] {
  const reach = diagonal.reduce(
    (most, value, i) =>
      Math.max(most, Math.abs(value) + Math.abs(offDiagonal[i] ?? 0) + Math.abs(offDiagonal[i + 1] ?? 0)),
    0,
  );
  const below = (x: number): number => {
    let count = 0;
    let pivot = 1;
    diagonal.forEach((value, i) => {
      pivot = value - x - (i === 0 ? 0 : (offDiagonal[i] ?? NaN) ** 2 / pivot);
      if (pivot === 0) pivot = Number.EPSILON * reach * Number.EPSILON;
      if (pivot < 0) count++;
    });
    return count;
  };
  return diagonal
    .map((_, k) => {
      let [low, high] = [-reach, reach];
      for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (below(middle) > k) high = middle;
        else low = middle;
      }
      return (low + high) / 2;
    })
    .reverse();
}

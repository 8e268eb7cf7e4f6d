import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { symmetricEigen } from '../../../../src/engine/spectra/symmetricEigen';
import { topEigen } from '../../../../src/engine/spectra/tridiagonal/topEigen';

/** V diag(values) V^T for orthonormal V that are drawn. */
function withValues(values: readonly number[], seed = 1): Float64Array {
  const n = values.length;
  const random = Float64Array.from(new RandomStream(seed, 'symmetric').normals(n * n));
  const even = random.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (random[i * n + j] ?? NaN) + (random[j * n + i] ?? NaN);
  });
  const { vectors } = symmetricEigen(even, n);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return values.reduce(
      (sum, value, k) => sum + value * (vectors[i * n + k] ?? NaN) * (vectors[j * n + k] ?? NaN),
      0,
    );
  });
}

function top(matrix: Float64Array, n: number, count: number) {
  return topEigen([{ first: 0, rows: n, values: matrix }], n, count);
}

/** The largest number of A V - V diag(values), and of V^T V - I. */
function errors(matrix: Float64Array, n: number, { values, vectors }: ReturnType<typeof topEigen>) {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (a[i] ?? NaN) * (b[i] ?? NaN);
    return sum;
  };
  const row = (from: Float64Array, k: number): Float64Array => from.subarray(k * n, (k + 1) * n);
  let [residual, skew] = [0, 0];
  values.forEach((value, k) => {
    const v = row(vectors, k);
    for (let i = 0; i < n; i++) {
      residual = Math.max(residual, Math.abs(dot(row(matrix, i), v) - value * (v[i] ?? NaN)));
    }
    for (let l = 0; l <= k; l++) {
      skew = Math.max(skew, Math.abs(dot(v, row(vectors, l)) - (l === k ? 1 : 0)));
    }
  });
  return { residual, skew };
}

const falling = (n: number): number[] => Array.from({ length: n }, (_, i) => 5 * 0.9 ** i);

describe('the top eigenvalues and vectors', () => {
  it.each([
    [1, 1],
    [2, 1],
    [2, 2],
    [3, 2],
    [7, 3],
    [8, 8],
    [33, 12],
    [90, 90],
  ])('of %i rows, %i of them, are eigenvalues and orthonormal vectors', (n, count) => {
    const values = falling(n);
    const matrix = withValues(values);
    const found = top(matrix, n, count);
    expect(found.vectors).toHaveLength(count * n);
    expect(found.values).toHaveLength(count);
    found.values.forEach((value, k) => expect(value).toBeCloseTo(values[k] ?? NaN, 11));
    const { residual, skew } = errors(matrix, n, found);
    expect(residual).toBeLessThan(1e-12);
    expect(skew).toBeLessThan(1e-12);
  });

  it.each([
    ['equal values', [...Array.from({ length: 20 }, () => 3), ...Array.from({ length: 15 }, () => 1)]],
    ['values that can hardly be told apart', Array.from({ length: 40 }, (_, i) => 2 - i * 1e-15)],
    ['a null space', [4, 3, ...Array.from({ length: 30 }, () => 0)]],
    ['zeros alone', Array.from({ length: 9 }, () => 0)],
    ['values of many sizes, some negative', Array.from({ length: 30 }, (_, i) => 10 ** (3 - i) - 1e-3 * i)],
  ])('of a matrix with %s', (_, values) => {
    const n = values.length;
    const matrix = withValues(values, 2);
    const found = top(matrix, n, n);
    const { residual, skew } = errors(matrix, n, found);
    expect(residual).toBeLessThan(1e-12 * Math.max(1, ...values));
    expect(skew).toBeLessThan(1e-14);
  });

  it('of a matrix that is diagonal already', () => {
    const matrix = Float64Array.from([2, 0, 0, 0, 7, 0, 0, 0, 5]);
    const { values, vectors } = top(matrix, 3, 2);
    expect([...values]).toEqual([7, 5]);
    [0, 1, 0, 0, 0, 1].forEach((size, i) => expect(Math.abs(vectors[i] ?? NaN)).toBeCloseTo(size, 14));
  });

  it('are the same whatever matrix came before', () => {
    const matrix = withValues(falling(21));
    const first = top(matrix, 21, 6);
    top(withValues(falling(40)), 40, 40);
    expect(top(matrix, 21, 6)).toEqual(first);
  });

  it('are refused where a number is not finite', () => {
    const matrix = withValues(falling(5));
    matrix[7] = NaN;
    expect(() => top(matrix, 5, 2)).toThrow('do not converge');
  });
});

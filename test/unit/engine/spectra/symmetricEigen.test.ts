import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { symmetricEigen } from '../../../../src/engine/spectra/symmetricEigen';

function random(n: number, seed: number): Float64Array {
  const numbers = new RandomStream(seed, 'symmetric').normals(n * n);
  return Float64Array.from(numbers, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return numbers[Math.max(i, j) * n + Math.min(i, j)] ?? NaN;
  });
}

/** The Gram matrix of `rank` random rows: most of its eigenvalues are 0. */
function gram(n: number, rank: number): Float64Array {
  const rows = new RandomStream(3, 'rows').normals(n * rank);
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += (rows[k * n + Math.floor(at / n)] ?? NaN) * (rows[k * n + (at % n)] ?? NaN);
    return sum;
  });
}

/** B^T B of a product B of f32, [n, rank] by [rank, n]: beside `rank` eigenvalues there is what rounding leaves. */
function roundedGram(n: number, rank: number): Float64Array {
  const left = new RandomStream(5, 'left').normals(n * rank);
  const right = new RandomStream(7, 'right').normals(rank * n);
  const product = Float32Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += ((left[Math.floor(at / n) * rank + k] ?? NaN) * (right[k * n + (at % n)] ?? NaN)) / (k + 1);
    return sum;
  });
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++)
      sum += (product[k * n + Math.floor(at / n)] ?? NaN) * (product[k * n + (at % n)] ?? NaN);
    return sum;
  });
}

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from({ length: values.length ** 2 }, (_, at) =>
    at % (values.length + 1) === 0 ? (values[at / (values.length + 1)] ?? NaN) : 0,
  );

describe('eigenvalues and vectors of a small symmetric matrix', () => {
  it.each<[string, Float64Array, number]>([
    ...[1, 2, 3, 4, 7, 16, 42, 61].map(
      (n) => [`random, ${n} rows`, random(n, n), n] satisfies [string, Float64Array, number],
    ),
    ['of low rank', gram(60, 3), 60],
    ...[32, 64, 128].flatMap((n) =>
      [3, 12, 20].map(
        (rank) =>
          [`of rank ${rank} but for rounding, ${n} rows`, roundedGram(n, rank), n] satisfies [
            string,
            Float64Array,
            number,
          ],
      ),
    ),
    ['of equal numbers', new Float64Array(100 * 100).fill(0.25), 100],
    ['zero', new Float64Array(25), 5],
    ['diagonal', diagonal([1, 5, -2, 5]), 4],
    ['tiny', random(9, 1).map((value) => value * 1e-80), 9],
    ['huge', random(9, 1).map((value) => value * 1e70), 9],
    ['huger', random(9, 1).map((value) => value * 1e150), 9],
    ['over many decades', diagonal(Array.from({ length: 12 }, (_, i) => 10 ** (-3 * i))), 12],
  ])('make it up: %s', (_, matrix, n) => {
    const { values, vectors } = symmetricEigen(matrix, n);
    const scale = Math.max(...matrix.map(Math.abs)) * n;
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let [made, product] = [0, 0];
        for (let k = 0; k < n; k++) {
          made += (vectors[i * n + k] ?? NaN) * (values[k] ?? NaN) * (vectors[j * n + k] ?? NaN);
          product += (vectors[k * n + i] ?? NaN) * (vectors[k * n + j] ?? NaN);
        }
        expect(Math.abs(made - (matrix[i * n + j] ?? NaN))).toBeLessThanOrEqual(1e-13 * scale);
        expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  it('are those of a matrix that is known', () => {
    // [[2, 1], [1, 2]] has 3 and 1.
    const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
    expect([...values]).toEqual([expect.closeTo(3, 14), expect.closeTo(1, 14)]);
    expect((vectors[0] ?? NaN) / (vectors[2] ?? NaN)).toBeCloseTo(1, 14);
  });

  it('are not found in what has no numbers', () => {
    expect(() => symmetricEigen(new Float64Array(9).fill(NaN), 3)).toThrow('do not converge');
  });
});

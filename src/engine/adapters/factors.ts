import { GraphError } from '../../base/errors';
import type { TopSingular } from '../spectra/triples';
import type { Factors, InitSources } from './method';

/** A factor that must be there. */
export function need(factors: Factors, name: string): Float32Array {
  const factor = factors[name];
  if (factor === undefined) throw new GraphError({ what: `the adapter has no factor '${name}'` });
  return factor;
}

export function needBasis(sources: InitSources, module: string): TopSingular {
  if (sources.basis === undefined)
    throw new GraphError({ what: `no singular vectors were given for ${module}` });
  return sources.basis;
}

/** c = a b of row-major matrices, a [m, k], b [k, n], accumulated in f64; `addend` [m, n] is added. */
export function multiply(
  a: Float32Array,
  b: Float32Array,
  m: number,
  k: number,
  n: number,
  addend?: Float32Array,
): Float32Array {
  const out = new Float32Array(m * n);
  const row = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) row[j] = addend?.[i * n + j] ?? 0;
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
    out.set(row, i * n);
  }
  return out;
}

/** Columns of a [rows, columns] times factors[column] (negated copies and square roots of singular values). */
export function scaleColumns(
  matrix: Float32Array,
  columns: number,
  factor: (column: number) => number,
): Float32Array {
  const factors = Float64Array.from({ length: columns }, (_, column) => factor(column));
  const out = new Float32Array(matrix.length);
  for (let at = 0; at < matrix.length; at += columns)
    for (let j = 0; j < columns; j++) out[at + j] = (matrix[at + j] ?? 0) * (factors[j] ?? 0);
  return out;
}

/** Rows of a [rows, columns] times factors[row]. */
export function scaleRows(
  matrix: Float32Array,
  columns: number,
  factor: (row: number) => number,
): Float32Array {
  return matrix.map((value, i) => value * factor(Math.floor(i / columns)));
}

/** a + b, number by number. */
export function sum(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] ?? 0) + (b[i] ?? 0);
  return out;
}

/** a - b, number by number. */
export function subtract(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] ?? 0) - (b[i] ?? 0);
  return out;
}

/** The columns of a [rows, columns], each of length 1 or 0. */
export function unitColumns(matrix: Float32Array, columns: number): Float32Array {
  const scales = new Float64Array(columns);
  for (let at = 0; at < matrix.length; at += columns)
    for (let j = 0; j < columns; j++) scales[j] = (scales[j] ?? 0) + (matrix[at + j] ?? 0) ** 2;
  for (let j = 0; j < columns; j++) scales[j] = inverseRoot(scales[j]);
  return scaleColumns(matrix, columns, (column) => scales[column] ?? 0);
}

/** The rows of a [rows, columns], each of length 1 or 0. */
export function unitRows(matrix: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let at = 0; at < matrix.length; at += columns) {
    let square = 0;
    for (let j = at; j < at + columns; j++) square += (matrix[j] ?? 0) ** 2;
    const scale = inverseRoot(square);
    for (let j = at; j < at + columns; j++) out[j] = (matrix[j] ?? 0) * scale;
  }
  return out;
}

function inverseRoot(square = 0): number {
  return square > 0 ? 1 / Math.sqrt(square) : 0;
}

/** [left | right] of two matrices with `rows` rows. */
export function joinColumns(left: Float32Array, right: Float32Array, rows: number): Float32Array {
  const a = left.length / rows;
  const b = right.length / rows;
  const out = new Float32Array(left.length + right.length);
  for (let i = 0; i < rows; i++) {
    out.set(left.subarray(i * a, (i + 1) * a), i * (a + b));
    out.set(right.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return out;
}

/** The rows of `first`, then those of `second`. */
export function joinRows(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}

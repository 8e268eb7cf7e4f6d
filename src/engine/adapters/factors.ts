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
    for (let p = 0; p < k; p++) {
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
  return matrix.map((value, i) => value * factor(i % columns));
}

/** Rows of a [rows, columns] times factors[row]. */
export function scaleRows(
  matrix: Float32Array,
  columns: number,
  factor: (row: number) => number,
): Float32Array {
  return matrix.map((value, i) => value * factor(Math.floor(i / columns)));
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

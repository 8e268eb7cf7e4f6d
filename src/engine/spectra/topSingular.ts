import type { TopSingular } from './triples';
import { exactTopSingular } from './exactSvd';
import type { RandomizedSvd } from './randomizedSvd';

/** Up to this many rows or columns the whole decomposition in f64 is quick, and leaves no error. */
const EXACT_LIMIT = 128;

/** How a matrix of this form is decomposed: part of the key under which the result is kept. */
export function decompositionMethod(rows: number, columns: number): 'exact' | 'randomized' {
  return Math.min(rows, columns) <= EXACT_LIMIT ? 'exact' : 'randomized';
}

/** The top `rank` singular triples of W [rows, columns]; see `RandomizedSvd` for `normal`. */
export async function topSingular(
  svd: Pick<RandomizedSvd, 'decompose'>,
  weight: Float32Array,
  rows: number,
  columns: number,
  rank: number,
  normal: (count: number) => Float32Array,
): Promise<TopSingular & { readonly errorBound: number }> {
  if (decompositionMethod(rows, columns) === 'exact') {
    return { ...exactTopSingular(weight, rows, columns, rank), errorBound: 0 };
  }
  return svd.decompose(weight, rows, columns, rank, normal);
}

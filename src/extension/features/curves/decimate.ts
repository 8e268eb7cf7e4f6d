import { lowerBound } from './column';

/** Points that are drawn. */
export interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

export interface Window {
  /** The part of the x axis that is seen. */
  readonly from: number;
  readonly to: number;
  readonly logX: boolean;
}

/** Buckets over the visible range: each gives at most four points. */
const BUCKETS = 500;

/**
 * Thins a curve out to at most some 2000 points so that it looks the same: of each bucket of the x axis the first, the
 * lowest, the highest and the last point stay. (min/max, and the ends so that lines between buckets are right.) The
 * buckets' width is a power of two and they begin at 0, so that a growing curve keeps the points it has shown. One
 * point on either side of the window stays, so that lines leave it. What is NaN is left out.
 */
export function decimate(xs: Float64Array, ys: Float64Array, { from, to, logX }: Window): Points {
  const begin = Math.max(0, lowerBound(xs, from) - 1);
  const after = upperBound(xs, to);
  const end = Math.min(xs.length, after + 1);
  if (end - begin <= 4 * BUCKETS) return keep(xs, ys, begin, end, logX);
  const place = logX ? Math.log2 : (x: number): number => x;
  const low = logX ? place(Math.max(from, firstPositive(xs, begin))) : from;
  const width = 2 ** Math.ceil(Math.log2(Math.max(place(to) - low, Number.MIN_VALUE) / BUCKETS));
  const kept: number[] = [];
  let bucket = NaN;
  let first = -1;
  let last = -1;
  let lowest = -1;
  let highest = -1;
  const flush = (): void => {
    if (first < 0) return;
    for (const index of [...new Set([first, lowest, highest, last])].sort((a, b) => a - b)) kept.push(index);
  };
  for (let index = begin; index < end; index++) {
    const x = xs[index] ?? NaN;
    const y = ys[index] ?? NaN;
    if (Number.isNaN(y) || (logX && x <= 0)) continue;
    const here = Math.floor(place(x) / width);
    if (here !== bucket) {
      flush();
      bucket = here;
      first = lowest = highest = index;
    } else if (y < (ys[lowest] ?? NaN)) lowest = index;
    else if (y > (ys[highest] ?? NaN)) highest = index;
    last = index;
  }
  flush();
  return {
    xs: Float64Array.from(kept, (index) => xs[index] ?? NaN),
    ys: Float64Array.from(kept, (index) => ys[index] ?? NaN),
  };
}

/** All points of a stretch that are numbers. */
function keep(xs: Float64Array, ys: Float64Array, begin: number, end: number, logX: boolean): Points {
  const kept: number[] = [];
  for (let index = begin; index < end; index++) {
    if (!Number.isNaN(ys[index] ?? NaN) && !(logX && (xs[index] ?? NaN) <= 0)) kept.push(index);
  }
  return {
    xs: Float64Array.from(kept, (index) => xs[index] ?? NaN),
    ys: Float64Array.from(kept, (index) => ys[index] ?? NaN),
  };
}

/** The first index whose value is above `value`. */
function upperBound(sorted: Float64Array, value: number): number {
  let index = lowerBound(sorted, value);
  while (index < sorted.length && (sorted[index] ?? NaN) <= value) index++;
  return index;
}

function firstPositive(xs: Float64Array, begin: number): number {
  let index = begin;
  while (index < xs.length && (xs[index] ?? NaN) <= 0) index++;
  return xs[index] ?? Number.MIN_VALUE;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Column, lowerBound } from '../../../../src/extension/features/curves/column';
import { decimate } from '../../../../src/extension/features/curves/decimate';
import { quantiles } from '../../../../src/extension/features/curves/quantile';
import { SmoothedColumn } from '../../../../src/extension/features/curves/smoothing';

function column(values: readonly number[]): Column {
  const made = new Column();
  for (const value of values) made.push(value);
  return made;
}

describe('a column', () => {
  it('holds what is pushed, beyond its first size, and is cut back', () => {
    const made = column(Array.from({ length: 1000 }, (_, index) => index * 2));
    expect(made.length).toBe(1000);
    expect(made.at(999)).toBe(1998);
    expect(made.at(1000)).toBeNaN();
    made.truncate(10);
    made.pad(12);
    expect([...made.values.subarray(9)]).toEqual([18, NaN, NaN]);
  });

  it('is searched as a linear search would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 })),
        fc.integer({ min: -60, max: 60 }),
        (values, wanted) => {
          const sorted = Float64Array.from(values).sort();
          const found = sorted.findIndex((value) => value >= wanted);
          expect(lowerBound(sorted, wanted)).toBe(found < 0 ? sorted.length : found);
        },
      ),
    );
  });
});

describe('a moving average', () => {
  it('is debiased: the first average is the first value, and a constant stays what it is', () => {
    const smoothed = new SmoothedColumn(column([5, 5, 5, 5]), 0.9);
    for (const value of smoothed.values) expect(value).toBeCloseTo(5, 12);
  });

  it('weighs the values before by powers of the smoothing', () => {
    const expected = (1 * 0.25 + 4 * 0.5 + 2 * 1) / (0.25 + 0.5 + 1);
    expect(new SmoothedColumn(column([1, 4, 2]), 0.5).values[2]).toBeCloseTo(expected, 12);
  });

  it('goes on where it was, skips what is missing, and begins anew where its source was cut', () => {
    const source = column([1, NaN, 3]);
    const smoothed = new SmoothedColumn(source, 0.5);
    expect(smoothed.values[1]).toBeNaN();
    source.push(7);
    expect([...smoothed.values]).toEqual([...new SmoothedColumn(source, 0.5).values]);
    source.truncate(1);
    expect([...smoothed.values]).toEqual([1]);
  });
});

describe('quantiles', () => {
  it('are those of the sorted values, with what lies between neighbours', () => {
    const values = Float64Array.from([4, NaN, 1, 3, 2, 5]);
    expect(quantiles(values, 0, values.length, 0, 1)).toEqual([1, 5]);
    expect(quantiles(values, 0, values.length, 0.25, 0.875)).toEqual([2, 4.5]);
    expect(quantiles(values, 1, 2, 0, 1)).toBeUndefined();
  });

  it('leave single outliers out of a million values', () => {
    const values = Float64Array.from({ length: 1_000_000 }, (_, index) =>
      index % 1009 === 0 ? 1e6 : index % 100,
    );
    const [low, high] = quantiles(values, 0, values.length, 0.01, 0.99) ?? [];
    expect(low).toBeLessThan(3);
    expect(high).toBeLessThanOrEqual(99);
  });
});

describe('thinning out', () => {
  const whole = (xs: Float64Array): { from: number; to: number; logX: boolean } => ({
    from: xs[0] ?? 0,
    to: xs.at(-1) ?? 0,
    logX: false,
  });

  it('keeps the peaks, the ends and the order, in at most 2000 points', () => {
    const xs = Float64Array.from({ length: 300_000 }, (_, index) => index + 1);
    const ys = xs.map((x) => Math.sin(x / 5000));
    ys[123_456] = 40;
    ys[200_001] = -40;
    const points = decimate(xs, ys, whole(xs));
    expect(points.xs.length).toBeLessThanOrEqual(2004);
    expect(points.xs.length).toBeGreaterThan(500);
    expect([points.xs[0], points.xs.at(-1)]).toEqual([1, 300_000]);
    expect(points.ys.includes(40)).toBe(true);
    expect(points.ys.includes(-40)).toBe(true);
    expect([...points.xs]).toEqual([...points.xs].sort((a, b) => a - b));
  });

  it('keeps every point of a short curve, and one on either side of a window', () => {
    const xs = Float64Array.from([1, 2, 3, 4, 5, 6]);
    const ys = Float64Array.from([1, 2, NaN, 4, 5, 6]);
    expect([...decimate(xs, ys, { from: 3.5, to: 4.5, logX: false }).xs]).toEqual([4, 5]);
    expect([...decimate(xs, ys, { from: 2, to: 4, logX: false }).xs]).toEqual([1, 2, 4, 5]);
    expect([...decimate(xs, ys, { from: -9, to: 99, logX: false }).xs]).toEqual([1, 2, 4, 5, 6]);
  });

  it('shows points that were there again when the curve has grown a little', () => {
    const made = (length: number): Set<number> => {
      const xs = Float64Array.from({ length }, (_, index) => index + 1);
      const ys = xs.map((x) => Math.sin(x * 12.9898) * 43_758.5453);
      return new Set(decimate(xs, ys, whole(xs)).xs);
    };
    const before = made(60_000);
    const after = made(60_100);
    const kept = [...before].filter((x) => after.has(x)).length;
    expect(kept / before.size).toBeGreaterThan(0.99);
  });

  it('spreads its points by powers on a logarithmic axis, and leaves out what has no logarithm', () => {
    const xs = Float64Array.from({ length: 100_000 }, (_, index) => index);
    const { xs: kept } = decimate(xs, xs, { from: 0, to: 99_999, logX: true });
    expect(kept[0]).toBe(1);
    expect(kept.length).toBeLessThanOrEqual(2004);
    expect([...kept].filter((x) => x < 100).length).toBeGreaterThan(60);
  });

  it('has no value that is not in the curve, and none beyond its extremes is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 2100, maxLength: 4000 }),
        (values) => {
          const ys = Float64Array.from(values);
          const xs = ys.map((_, index) => index);
          const points = decimate(xs, ys, whole(xs));
          for (const [index, x] of points.xs.entries()) expect(points.ys[index]).toBe(ys[x]);
          expect(Math.max(...points.ys)).toBe(Math.max(...ys));
          expect(Math.min(...points.ys)).toBe(Math.min(...ys));
        },
      ),
      { numRuns: 20 },
    );
  });
});

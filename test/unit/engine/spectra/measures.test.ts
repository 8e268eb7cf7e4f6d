import { describe, expect, it } from 'vitest';
import {
  decayOf,
  effectiveRank,
  energyShare,
  energyShares,
  numericalRank,
  stableRank,
} from '../../../../src/engine/spectra/measures';

/** 3-4-5: the squares are 9 and 16 of 25. */
const values = [4, 3];
const zeros = new Float64Array(5);

describe('the share of energy', () => {
  it('is that of the first squares in the sum of all', () => {
    expect([...energyShares(values, 5)]).toEqual([0.64000000000000012, 1]);
    expect([0, 1, 2, 3].map((rank) => energyShare(values, 5, rank))).toEqual([0, 0.64000000000000012, 1, 1]);
  });

  it('counts what is beyond the top values', () => {
    expect([...energyShares([2, 1], 4)]).toEqual([0.25, 0.3125]);
  });

  it('does not pass 1 by round-off, nor leave the range of f64', () => {
    expect([...energyShares([1, 1, 1], Math.sqrt(3) * (1 - 1e-15))].every((share) => share <= 1)).toBe(true);
    expect(energyShare([4e-200, 3e-200], 5e-200, 1)).toBeCloseTo(0.64, 14);
    expect(energyShare([4e200, 3e200], 5e200, 1)).toBeCloseTo(0.64, 14);
  });

  it('is 0 for a matrix of zeros', () => {
    expect([...energyShares(zeros, 0)]).toEqual([0, 0, 0, 0, 0]);
    expect(energyShare([], 0, 1)).toBe(0);
  });
});

describe('the effective rank', () => {
  it('is the number of values where they are equal', () => {
    expect(effectiveRank([7, 7, 7, 7])).toBeCloseTo(4, 12);
    expect(effectiveRank([7, 7, 0, 0])).toBeCloseTo(2, 12);
    expect(effectiveRank([0.5])).toBe(1);
  });

  it('is the exponential of the entropy of their shares', () => {
    // Shares 1/2, 1/4, 1/4: the entropy is 3/2 log 2.
    expect(effectiveRank([2, 1, 1])).toBeCloseTo(2 ** 1.5, 12);
  });

  it('is 0 for a matrix of zeros', () => {
    expect(effectiveRank(zeros)).toBe(0);
    expect(effectiveRank([])).toBe(0);
  });
});

describe('the stable rank', () => {
  it('is the energy over that of the first value', () => {
    expect(stableRank(values, 5)).toBe(25 / 16);
    expect(stableRank([3], 3)).toBe(1);
    expect(stableRank(zeros, 0)).toBe(0);
    expect(stableRank([], 0)).toBe(0);
  });
});

describe('the numerical rank', () => {
  it('counts the values above what rounding to f32 makes of 0', () => {
    // The tolerance is 8 * 1024 / 2^23 = 2^-10.
    expect(numericalRank([8, 2 ** -9, 2 ** -10, 0], 1024)).toBe(2);
    expect(numericalRank([8, 2 ** -9, 2 ** -10, 0], 512)).toBe(3);
  });

  it('takes another tolerance', () => {
    expect(numericalRank([8, 4, 2, 1], 4, 2)).toBe(2);
  });

  it('is 0 for a matrix of zeros', () => {
    expect(numericalRank(zeros, 5)).toBe(0);
    expect(numericalRank([], 0)).toBe(0);
  });
});

describe('the decay', () => {
  it('of a power law is its exponent', () => {
    const law = Array.from({ length: 50 }, (_, i) => 3 * (i + 1) ** -0.75);
    expect(decayOf(law, 50)?.exponent).toBeCloseTo(-0.75, 12);
    expect(decayOf([5, 5, 5], 3)?.exponent).toBeCloseTo(0, 12);
  });

  it('is a slope by least squares', () => {
    // log i less its mean: -0.79451, -0.10136, 0.30410, 0.59178; log sigma less its: 0.51986, then -0.17329 thrice.
    expect(decayOf([1, 0.5, 0.5, 0.5], 4)?.exponent).toBeCloseTo(-0.55072 / 1.0842, 4);
  });

  it('is fitted to the values that count alone', () => {
    const noisy = [1, 0.5, 1 / 3, 1e-12, 1e-13];
    expect(decayOf(noisy, 5)).toEqual({ exponent: expect.closeTo(-1, 12) as number, count: 3 });
  });

  it('does not exist for fewer than two values', () => {
    expect(decayOf([1], 1)).toBeUndefined();
    expect(decayOf([1, 1e-12], 2)).toBeUndefined();
    expect(decayOf(zeros, 5)).toBeUndefined();
    expect(decayOf([], 0)).toBeUndefined();
  });
});

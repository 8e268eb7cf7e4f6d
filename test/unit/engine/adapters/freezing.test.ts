import { describe, expect, it } from 'vitest';
import { fillColumnMask, freezingEnd, frozenColumns } from '../../../../src/engine/adapters/lamda/freezing';

const steps = (rank: number, count: number, fraction: number): number[] =>
  Array.from({ length: count + 1 }, (_, step) => frozenColumns(rank, step, count, fraction));

describe('frozenColumns', () => {
  it('freezes floor(r t / t_i) columns after step t', () => {
    // t_i = 4, r = 6: 6 t / 4 = 0, 1.5, 3, 4.5, 6
    expect(steps(6, 8, 0.5)).toEqual([0, 1, 3, 4, 6, 6, 6, 6, 6]);
    // t_i = ceil(0.3 * 10) = 3, r = 4: 4 t / 3 = 0, 1.33, 2.67, 4
    expect(steps(4, 10, 0.3)).toEqual([0, 1, 2, 4, 4, 4, 4, 4, 4, 4, 4]);
  });

  it('freezes slowly where there are more steps than columns', () => {
    expect(steps(2, 5, 1)).toEqual([0, 0, 0, 1, 1, 2]);
  });

  it('freezes everything from the start at fraction 0, and at the last step at fraction 1', () => {
    expect(steps(3, 4, 0)).toEqual([3, 3, 3, 3, 3]);
    expect(steps(4, 4, 1)).toEqual([0, 1, 2, 3, 4]);
  });

  it('never goes down, and ends with every column', () => {
    for (const [rank, count, fraction] of [
      [16, 100, 0.3],
      [7, 13, 0.77],
      [32, 5, 0.1],
    ] as const) {
      const frozen = steps(rank, count, fraction);
      expect(frozen).toEqual([...frozen].sort((a, b) => a - b));
      expect(frozen[freezingEnd(count, fraction)]).toBe(rank);
      expect(frozen[freezingEnd(count, fraction) - 1]).toBeLessThan(rank);
    }
  });
});

describe('freezingEnd', () => {
  it('is the fraction of the steps, rounded up', () => {
    expect(freezingEnd(100, 0.3)).toBe(30);
    expect(freezingEnd(10, 0.25)).toBe(3);
    expect(freezingEnd(10, 0)).toBe(0);
    expect(freezingEnd(10, 1)).toBe(10);
    expect(freezingEnd(1, 0.01)).toBe(1);
  });

  it('takes a fraction as it is written, not as binary numbers round it', () => {
    // 0.07 * 100 is 7.000000000000001 in binary.
    expect(freezingEnd(100, 0.07)).toBe(7);
    expect(freezingEnd(1000, 0.035)).toBe(35);
  });
});

describe('fillColumnMask', () => {
  it('is 0 in the first columns of every row and 1 in the others', () => {
    const mask = new Float32Array(6).fill(9);
    fillColumnMask(mask, 3, 2);
    expect([...mask]).toEqual([0, 0, 1, 0, 0, 1]);
    fillColumnMask(mask, 3, 0);
    expect([...mask]).toEqual([1, 1, 1, 1, 1, 1]);
    fillColumnMask(mask, 3, 3);
    expect([...mask]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

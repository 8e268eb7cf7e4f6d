import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBestFit, packInOrder } from '../../../src/data/batch/packing';
import {
  BatchPlan,
  DATA_START,
  evaluationBatches,
  type BatchPlanOptions,
  type DataPosition,
} from '../../../src/data/batch/plan';

const base: BatchPlanOptions = {
  batchSize: 2,
  gradientAccumulation: 2,
  seed: 42,
  shuffle: true,
  groupByLength: false,
};
const lengths = Array.from({ length: 23 }, (_, i) => 1 + ((i * 7) % 11));

function epochOf(plan: BatchPlan, epoch: number): number[][][][] {
  const steps: number[][][][] = [];
  let position: DataPosition = { epoch, index: 0 };
  while (position.epoch === epoch) {
    const step = plan.at(position);
    steps.push(step.microBatches.map((batch) => batch.map((row) => [...row])));
    position = step.next;
  }
  expect(position).toEqual({ epoch: epoch + 1, index: 0 });
  expect(steps).toHaveLength(plan.stepsInEpoch(epoch));
  return steps;
}

const variants: readonly (readonly [string, Partial<BatchPlanOptions>])[] = [
  ['shuffled', {}],
  ['in file order', { shuffle: false }],
  ['grouped', { groupByLength: true }],
  ['grouped in file order', { groupByLength: true, shuffle: false }],
  ['packed', { packedLength: 16 }],
  ['packed in file order', { packedLength: 16, shuffle: false }],
  ['packed and grouped', { packedLength: 16, groupByLength: true }],
];

describe.each(variants)('BatchPlan, %s', (_, changes) => {
  const options = { ...base, ...changes };

  it('sees every sample once an epoch, in batches that are full but for the last', () => {
    const plan = new BatchPlan(lengths, options);
    for (const epoch of [0, 1]) {
      const batches = epochOf(plan, epoch).flat();
      expect(batches.flat(2).sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      for (const batch of batches.slice(0, -1)) expect(batch).toHaveLength(2);
      for (const step of epochOf(plan, epoch).slice(0, -1)) expect(step).toHaveLength(2);
    }
  });

  it('is a jump to any position: a fresh plan gives the same step', () => {
    const plan = new BatchPlan(lengths, options);
    let position = DATA_START;
    for (let i = 0; i < 20; i++) {
      const step = plan.at(position);
      expect(new BatchPlan(lengths, options).at(position)).toEqual(step);
      position = step.next;
    }
  });

  it('changes with epoch and seed exactly where it is random', () => {
    const first = epochOf(new BatchPlan(lengths, options), 0);
    const random = options.shuffle;
    expect(JSON.stringify(epochOf(new BatchPlan(lengths, options), 1)) !== JSON.stringify(first)).toBe(
      random,
    );
    const reseeded = epochOf(new BatchPlan(lengths, { ...options, seed: 43 }), 0);
    expect(JSON.stringify(reseeded) !== JSON.stringify(first)).toBe(random);
  });
});

describe('BatchPlan', () => {
  it('takes the next rows in file order, and begins again at the end after a short step', () => {
    const plan = new BatchPlan([1, 1, 1, 1, 1, 1, 1], { ...base, shuffle: false });
    const first = plan.at(DATA_START);
    expect(first.microBatches).toEqual([
      [[0], [1]],
      [[2], [3]],
    ]);
    const second = plan.at(first.next);
    expect(second.microBatches).toEqual([[[4], [5]], [[6]]]);
    expect(second.next).toEqual({ epoch: 1, index: 0 });
    expect(plan.at(second.next).microBatches).toEqual(first.microBatches);
  });

  it('pads less when grouped by length', () => {
    const many = Array.from({ length: 400 }, (_, i) => 1 + ((i * 7919) % 300));
    const padding = (options: BatchPlanOptions): number =>
      epochOf(new BatchPlan(many, options), 0)
        .flat()
        .reduce((waste, batch) => {
          const sizes = batch.flat().map((sample) => many[sample] ?? 0);
          return waste + Math.max(...sizes) * sizes.length - sizes.reduce((a, b) => a + b, 0);
        }, 0);
    const options = { ...base, batchSize: 8 };
    expect(padding({ ...options, groupByLength: true })).toBeLessThan(padding(options) / 10);
  });
});

describe('packing', () => {
  it('keeps to the capacity, loses and doubles nothing, and best-fit is near the least number of rows', () => {
    const capacity = 32;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: capacity }), { minLength: 1, maxLength: 200 }),
        (sizes) => {
          const order = sizes.map((_, i) => i);
          for (const pack of [packBestFit, packInOrder]) {
            const rows = pack(order, sizes, capacity);
            expect(rows.flat().sort((a, b) => a - b)).toEqual(order);
            for (const row of rows) {
              expect(row.reduce((total, sample) => total + (sizes[sample] ?? 0), 0)).toBeLessThanOrEqual(
                capacity,
              );
            }
          }
          const least = Math.ceil(sizes.reduce((a, b) => a + b, 0) / capacity);
          const large = sizes.filter((size) => size > capacity / 2).length;
          // Johnson: at most 11/9 of the optimum and one row more; the optimum is at least either bound.
          const rows = packBestFit(order, sizes, capacity).length;
          expect(rows).toBeLessThanOrEqual((11 / 9) * Math.max(least, large) * 1.5 + 1);
          expect(rows).toBeGreaterThanOrEqual(Math.max(least, large));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('fits the fullest row that has room', () => {
    expect(packBestFit([0, 1, 2, 3], [6, 5, 3, 4], 9)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(packInOrder([0, 1, 2, 3], [6, 5, 3, 4], 9)).toEqual([[0], [1, 2], [3]]);
  });
});

describe('evaluationBatches', () => {
  it('takes every sample once, longest first', () => {
    expect(evaluationBatches([3, 9, 3, 5, 1], 2)).toEqual([[[1], [3]], [[0], [2]], [[4]]]);
  });
});

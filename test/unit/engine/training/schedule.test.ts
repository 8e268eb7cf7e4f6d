import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from '../../../../src/engine/training/schedule';

const rates = (schedule: Partial<Schedule>, count: number): number[] => {
  const full: Schedule = { kind: 'constant', learningRate: 0.01, warmupSteps: 0, steps: 10, ...schedule };
  return Array.from({ length: count }, (_, i) => learningRateAt(full, i + 1));
};

const expectClose = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
};

/** Step k uses the multiplier of k - 1, since Hugging Face's Trainer sets the rate after a step. */
describe('learningRateAt', () => {
  it('is constant', () => {
    expectClose(rates({ kind: 'constant' }, 4), [0.01, 0.01, 0.01, 0.01]);
  });

  it('rises from 0 over the warm-up: get_constant_schedule_with_warmup', () => {
    expectClose(rates({ kind: 'constant', warmupSteps: 4 }, 6), [0, 0.0025, 0.005, 0.0075, 0.01, 0.01]);
  });

  it('falls to 0 in a line: get_linear_schedule_with_warmup', () => {
    expectClose(rates({ kind: 'linear', steps: 5 }, 5), [0.01, 0.008, 0.006, 0.004, 0.002]);
    // Warm-up 2 of 6: 0, 1/2, then (6 - t) / 4.
    expectClose(
      rates({ kind: 'linear', warmupSteps: 2, steps: 6 }, 7),
      [0, 0.005, 0.01, 0.0075, 0.005, 0.0025, 0],
    );
  });

  it('falls to 0 along half a cosine: get_cosine_schedule_with_warmup', () => {
    // (1 + cos(pi t / 4)) / 2 at t = 0..4
    const falling = [0.01, 0.00853553390593274, 0.005, 0.00146446609406726, 0];
    expectClose(rates({ kind: 'cosine', steps: 4 }, 5), falling);
    expectClose(rates({ kind: 'cosine', warmupSteps: 2, steps: 6 }, 7), [0, 0.005, ...falling]);
  });

  it('is never negative past the end', () => {
    expectClose(rates({ kind: 'linear', steps: 2 }, 4).slice(2), [0, 0]);
  });

  it('never leaves a warm-up as long as the run', () => {
    for (const kind of ['constant', 'linear', 'cosine'] as const) {
      expectClose(rates({ kind, warmupSteps: 4, steps: 4 }, 4), [0, 0.0025, 0.005, 0.0075]);
    }
  });
});

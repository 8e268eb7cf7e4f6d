/** Learning-rate schedules, as in Hugging Face's `get_scheduler`. */
type SchedulerKind = 'constant' | 'linear' | 'cosine';

export interface Schedule {
  readonly kind: SchedulerKind;
  readonly learningRate: number;
  /** Optimiser steps over which the rate rises linearly from 0. */
  readonly warmupSteps: number;
  /** All optimiser steps of the run. */
  readonly steps: number;
}

/**
 * The rate of optimiser step `step` (1-based). Hugging Face sets the rate after a step, so that step k uses
 * lambda(k - 1): the first step of a warm-up has rate 0.
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  return schedule.learningRate * multiplier(schedule, step - 1);
}

function multiplier({ kind, warmupSteps, steps }: Schedule, current: number): number {
  if (current < warmupSteps) return current / Math.max(1, warmupSteps);
  const span = Math.max(1, steps - warmupSteps);
  switch (kind) {
    case 'constant':
      return 1;
    case 'linear':
      return Math.max(0, (steps - current) / span);
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (current - warmupSteps)) / span)));
  }
}

import type { CausalHeads } from '../../engine/models/causalInputs';
import { layoutBatch, type CausalBatch } from './layout';
import { supervisedCount, type PaddedRow, type TokenRow } from './tokenRow';

/** What of the model a step's batches depend on (see `LayoutOptions`). */
export interface StepLayoutOptions extends CausalHeads {
  readonly slidingWindow?: number | undefined;
  readonly chunks: number;
}

/** The batches of one optimiser step, whose losses and gradients simply add up to the step's mean. */
export interface StepBatches {
  readonly batches: readonly CausalBatch[];
  /** Supervised tokens of all batches. */
  readonly tokens: number;
  /** Tokens of all batches, without padding. */
  readonly inputTokens: number;
  /** Numbers of all samples in the dataset. */
  readonly rows: readonly number[];
}

/**
 * Lays out one optimiser step: `microBatches[m][r]` are the numbers of the samples that share row r of micro-batch m
 * (as `BatchPlan` gives them). Every supervised token weighs the same, whichever micro-batch it is in.
 */
export function layoutStep(
  samples: { row(index: number): TokenRow },
  microBatches: readonly (readonly (readonly number[])[])[],
  options: StepLayoutOptions,
): StepBatches {
  const laid: PaddedRow[][] = microBatches.map((batch) =>
    batch.map((row) => row.map((index) => samples.row(index))),
  );
  const tokens = laid.flat(2).reduce((sum, sample) => sum + supervisedCount(sample), 0);
  const batches = laid.map((rows) =>
    layoutBatch(rows, { ...options, lossWeight: tokens === 0 ? 0 : 1 / tokens }),
  );
  return {
    batches,
    tokens,
    inputTokens: batches.reduce((sum, batch) => sum + batch.inputTokens, 0),
    rows: batches.flatMap((batch) => batch.rows),
  };
}

import { RandomStream } from '../../base/random';
import { packBestFit, packInOrder } from './packing';

/** Where a run stands in its data: the next optimiser step. Plain JSON, for checkpoints. */
export interface DataPosition {
  /** From 0. */
  readonly epoch: number;
  /** Optimiser steps of this epoch that are done. */
  readonly index: number;
}

/** How samples are drawn. */
export interface BatchPlanOptions {
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of an optimiser step. */
  readonly gradientAccumulation: number;
  readonly seed: number;
  /** false: in file order, and from the start again at the file's end. */
  readonly shuffle: boolean;
  /** Rows of like length share a micro-batch. */
  readonly groupByLength: boolean;
  /** Tokens of a row that packed samples share; undefined: one sample a row. */
  readonly packedLength?: number | undefined;
}

/** One optimiser step: `microBatches[m][r]` are the numbers of the samples in row r of micro-batch m. */
export interface PlannedStep {
  readonly microBatches: readonly (readonly (readonly number[])[])[];
  readonly next: DataPosition;
}

export const DATA_START: DataPosition = { epoch: 0, index: 0 };

/** Rows are sorted by length within pools of this many micro-batches, so that batches stay random mixtures. */
const POOL_BATCHES = 50;

function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

function sum(row: readonly number[], lengths: ArrayLike<number>): number {
  return row.reduce((total, sample) => total + (lengths[sample] ?? 0), 0);
}

/**
 * Which samples each optimiser step sees. Fully determined by the options and a position: any step of any epoch is
 * computed from the seed, so that resuming is a jump. Each epoch sees every sample once; its last step may be short.
 */
export class BatchPlan {
  private cached:
    { readonly epoch: number; readonly batches: readonly (readonly (readonly number[])[])[] } | undefined;

  /** `lengths`: tokens of each sample; at least one sample. */
  constructor(
    private readonly lengths: ArrayLike<number>,
    private readonly options: BatchPlanOptions,
  ) {}

  /** Optimiser steps of an epoch. With packing and shuffling it may differ a little from epoch to epoch. */
  stepsInEpoch(epoch: number): number {
    return Math.ceil(this.batchesOf(epoch).length / this.options.gradientAccumulation);
  }

  /** The step at a position, and the position after it. */
  at({ epoch, index }: DataPosition): PlannedStep {
    const { gradientAccumulation } = this.options;
    const first = index * gradientAccumulation;
    const microBatches = this.batchesOf(epoch).slice(first, first + gradientAccumulation);
    const done = index + 1 >= this.stepsInEpoch(epoch);
    return { microBatches, next: done ? { epoch: epoch + 1, index: 0 } : { epoch, index: index + 1 } };
  }

  private batchesOf(epoch: number): readonly (readonly (readonly number[])[])[] {
    if (this.cached?.epoch !== epoch) this.cached = { epoch, batches: this.plan(epoch) };
    return this.cached.batches;
  }

  private plan(epoch: number): (readonly number[])[][] {
    const { batchSize, groupByLength, seed, shuffle } = this.options;
    const count = this.lengths.length;
    const order = shuffle
      ? new RandomStream(seed, 'data/shuffle', epoch).permutation(count)
      : Uint32Array.from({ length: count }, (_, i) => i);
    const rows = this.rowsOf(order, epoch);
    return groupByLength ? this.grouped(rows, epoch) : chunked(rows, batchSize);
  }

  private rowsOf(order: Uint32Array, epoch: number): (readonly number[])[] {
    const { packedLength, seed, shuffle } = this.options;
    if (packedLength === undefined) return Array.from(order, (sample) => [sample]);
    if (!shuffle) return packInOrder(order, this.lengths, packedLength);
    // Packing sorts by length: shuffle again, or an epoch would begin with its long samples.
    const packed = packBestFit(order, this.lengths, packedLength);
    const mixed = new RandomStream(seed, 'data/shuffle-packed', epoch).permutation(packed.length);
    return Array.from(mixed, (i) => packed[i] ?? []);
  }

  private grouped(rows: readonly (readonly number[])[], epoch: number): (readonly number[])[][] {
    const { batchSize, seed, shuffle } = this.options;
    const batches = chunked(rows, batchSize * POOL_BATCHES).flatMap((pool) => {
      const sized = pool.map((row) => ({ row, length: sum(row, this.lengths) }));
      sized.sort((a, b) => b.length - a.length);
      return chunked(
        sized.map(({ row }) => row),
        batchSize,
      );
    });
    if (!shuffle) return batches;
    // The short batch, if there is one, stays last.
    const short = batches.length > 0 && (batches.at(-1)?.length ?? 0) < batchSize ? batches.splice(-1) : [];
    const mixed = new RandomStream(seed, 'data/shuffle-batches', epoch).permutation(batches.length);
    return [...Array.from(mixed, (i) => batches[i] ?? []), ...short];
  }
}

/**
 * Batches for evaluation: every sample once, sorted by length so that little is padded, the longest first (what
 * memory they need shows at once). The order does not matter to a mean over all tokens.
 */
export function evaluationBatches(lengths: ArrayLike<number>, batchSize: number): number[][][] {
  const order = Array.from({ length: lengths.length }, (_, i) => i);
  order.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  return chunked(
    order.map((sample) => [sample]),
    batchSize,
  );
}

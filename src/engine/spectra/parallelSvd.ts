import type { Runtime } from '../graph/runtime';
import { inOrder } from './inOrder';
import { RandomizedSvd, type ApproximateSvd, type SvdSettings } from './randomizedSvd';
import { topSingular } from './topSingular';

/** Decomposes matrices: see `RandomizedSvd.decompose`. */
export type TopDecomposer = Pick<RandomizedSvd, 'decompose'>;

/** A matrix of which the top `rank` triples are wanted. */
interface TopMatrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** Draws the sketch: see `RandomizedSvd.decompose`. */
  readonly draw: (count: number) => Float32Array;
}

/**
 * Randomised decompositions on several runtimes at once, one matrix on each: the result is that of any of them alone.
 * What is asked for while all are busy waits in turn.
 */
export class ParallelSvd implements TopDecomposer {
  private readonly svds: readonly RandomizedSvd[];
  private readonly idle: RandomizedSvd[];
  private readonly waiting: ((svd: RandomizedSvd) => void)[] = [];

  constructor(runtimes: readonly Runtime[], settings?: SvdSettings) {
    this.svds = runtimes.map((runtime) => new RandomizedSvd(runtime, settings));
    this.idle = [...this.svds];
  }

  /** How many matrices it works on at once. */
  get parallel(): number {
    return this.svds.length;
  }

  async decompose(...matrix: Parameters<RandomizedSvd['decompose']>): Promise<ApproximateSvd> {
    const svd = this.idle.pop() ?? (await new Promise<RandomizedSvd>((take) => this.waiting.push(take)));
    try {
      return await svd.decompose(...matrix);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(svd);
      else next(svd);
    }
  }

  /**
   * The top triples of many matrices, in their order, as they are ready: of each as `topSingular` finds them.
   * `matrices` is asked for one more than are at work.
   */
  all<M extends TopMatrix>(
    matrices: Iterable<M> | AsyncIterable<M>,
  ): AsyncGenerator<{ readonly matrix: M; readonly triples: ApproximateSvd }> {
    return inOrder(matrices, this.parallel, async (matrix) => {
      const { data, rows, columns, rank, draw } = matrix;
      return { matrix, triples: await topSingular(this, data, rows, columns, rank, draw) };
    });
  }

  async dispose(): Promise<void> {
    await Promise.all(this.svds.map((svd) => svd.dispose()));
  }
}

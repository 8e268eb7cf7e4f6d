import type { GramBlock } from './gram';
import { Kernel } from './tridiagonal/kernel';
import { KernelMemory } from './tridiagonal/kernelMemory';

/** Finds the eigenvalues of symmetric matrices: in the caller's thread, or (in `src/runtime`) in threads of its own. */
export interface EigenSolver {
  /** How many matrices it works on at once. */
  readonly parallel: number;
  /**
   * All eigenvalues, descending, of the symmetric matrix of `size` rows whose lower half stands in `blocks`. What is
   * below `negligible` may count as zero.
   */
  solve(blocks: readonly GramBlock[], size: number, negligible: number): Promise<Float64Array>;
  dispose(): Promise<void>;
}

/** One matrix at a time, in the caller's thread. */
export class LocalEigenSolver implements EigenSolver {
  readonly parallel = 1;
  private readonly memory = new KernelMemory();
  private readonly kernel = new Kernel(this.memory.memory);

  solve(blocks: readonly GramBlock[], size: number, negligible: number): Promise<Float64Array> {
    for (const calls of this.memory.load(blocks, size, negligible)) this.kernel.run(calls);
    return Promise.resolve(this.memory.take());
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

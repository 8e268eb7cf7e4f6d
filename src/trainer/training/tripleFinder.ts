import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import { RandomizedSvd } from '../../engine/spectra/randomizedSvd';
import { createRuntime } from '../../runtime/onnxRuntime';
import { findTriples, type SvdFound, type SvdRequest } from '../../runtime/svdThread';
import { SvdThreads } from '../../runtime/svdThreads';

/** Threads are worth their start from so many matrices on. */
const MANY = 8;
/** Up to so many numbers (16 MB) a matrix does not keep all cores busy, and several of them fit into memory. */
const SMALL = 2 ** 22;
const MOST_THREADS = 8;

/**
 * Finds the top triples of modules' weights: of many small ones several at once, each in a thread of its own; of large
 * ones one after the other, with all threads of the runtime. A small one is always decomposed by one thread, in
 * whichever company, so that it comes to the same bits. What this needs is made when the first is asked for.
 */
export class TripleFinder {
  /** How many may be asked for at once. */
  readonly parallel: number;
  #threads: SvdThreads | undefined;
  #alone: Promise<Decomposing> | undefined;
  #shared: RandomizedSvd | undefined;

  /**
   * @param runtime the CPU's
   * @param program the bundle that answers in a thread; where it is not there, nothing is done at once
   */
  constructor(
    private readonly runtime: Runtime,
    modules: readonly Pick<LinearModule, 'inputs' | 'outputs'>[],
    private readonly program = join(__dirname, 'trainer.js'),
  ) {
    const many = modules.length >= MANY && modules.every(({ inputs, outputs }) => isSmall(inputs, outputs));
    this.parallel = many && existsSync(program) ? Math.min(MOST_THREADS, availableParallelism()) : 1;
  }

  /** The memory of the weight is not the caller's any more. */
  async find(request: SvdRequest): Promise<SvdFound> {
    if (this.parallel > 1) {
      this.#threads ??= new SvdThreads(this.program, this.parallel);
      return this.#threads.find(request);
    }
    if (!isSmall(request.rows, request.columns))
      return findTriples((this.#shared ??= new RandomizedSvd(this.runtime)), request);
    this.#alone ??= decomposingAlone();
    return findTriples((await this.#alone).svd, request);
  }

  async dispose(): Promise<void> {
    await this.#threads?.dispose();
    await this.#shared?.dispose();
    const alone = await this.#alone;
    await alone?.svd.dispose();
    await alone?.runtime.dispose();
  }
}

interface Decomposing {
  readonly runtime: Runtime;
  readonly svd: RandomizedSvd;
}

async function decomposingAlone(): Promise<Decomposing> {
  const runtime = await createRuntime('cpu', { threads: 1 });
  return { runtime, svd: new RandomizedSvd(runtime) };
}

function isSmall(rows: number, columns: number): boolean {
  return rows * columns <= SMALL;
}

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { RunError } from '../base/errors';
import type { EigenSolver } from '../engine/spectra/eigenSolver';
import type { GramBlock } from '../engine/spectra/gram';
import { expectConverged, kernelModule, type KernelCalls } from '../engine/spectra/tridiagonal/kernel';
import { KernelMemory, partsOf } from '../engine/spectra/tridiagonal/kernelMemory';

/**
 * What a thread runs: the kernel alone, on a memory that is filled and read from here. So little that it stands here
 * as text, and no bundle has to know of a file for it.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.on('message', ({ memory, calls }) => {
    const { exports } = new WebAssembly.Instance(workerData, { host: { memory } });
    exports.tridiagonalise(...calls.tridiagonalise);
    parentPort.postMessage(calls.eigenvalues && exports.eigenvalues(...calls.eigenvalues));
  });
`;

/** One thread. */
class EigenThread {
  private readonly worker = new Worker(THREAD, { eval: true, name: 'spectra', workerData: kernelModule() });
  private fail: ((error: Error) => void) | undefined;
  private ended: RunError | undefined;

  constructor() {
    this.worker.on('error', (cause) =>
      this.end(new RunError({ what: `a thread for spectra failed: ${cause.message}` }, { cause })),
    );
    this.worker.on('exit', () => this.end(new RunError({ what: 'a thread for spectra ended too soon' })));
  }

  async run(memory: WebAssembly.Memory, calls: KernelCalls): Promise<void> {
    if (this.ended !== undefined) throw this.ended;
    const result = await new Promise<unknown>((resolve, reject) => {
      this.fail = reject;
      this.worker.once('message', resolve);
      this.worker.postMessage({ memory, calls });
    });
    if (calls.eigenvalues !== undefined) expectConverged(result);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private end(error: RunError): void {
    this.ended ??= error;
    this.fail?.(this.ended);
  }
}

/** A matrix that waits for its threads. */
interface Waiting {
  readonly threads: number;
  readonly start: (threads: readonly EigenThread[]) => void;
}

/**
 * Eigenvalues in `parallel` threads, by default as many as there are cores, while the caller's makes the next matrices.
 * A large matrix takes several of them. To be disposed of, or the process does not end.
 */
export class EigenThreads implements EigenSolver {
  private readonly threads: readonly EigenThread[];
  private readonly idle: EigenThread[];
  private readonly memories: KernelMemory[] = [];
  private readonly queue: Waiting[] = [];

  constructor(readonly parallel: number = availableParallelism()) {
    this.threads = Array.from({ length: parallel }, () => new EigenThread());
    this.idle = [...this.threads];
  }

  async solve(blocks: readonly GramBlock[], size: number, negligible: number): Promise<Float64Array> {
    const parts = partsOf(size);
    // Parts need a thread each, or one for all: they wait for each other.
    const threads = await this.take(parts <= this.parallel ? parts : 1);
    const memory = this.memories.pop() ?? new KernelMemory();
    try {
      const calls = memory.load(blocks, size, negligible, threads.length);
      await Promise.all(calls.map(async (call, i) => threads[i]?.run(memory.memory, call)));
      return memory.take();
    } catch (thrown) {
      // One that failed left those that share its matrix waiting for it.
      if (threads.length > 1) await Promise.all(threads.map((thread) => thread.terminate()));
      throw thrown;
    } finally {
      this.memories.push(memory);
      this.idle.push(...threads);
      this.startNext();
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  /** Threads for one matrix, all at once and in the order in which they were asked for. */
  private take(threads: number): Promise<readonly EigenThread[]> {
    return new Promise((start) => {
      this.queue.push({ threads, start });
      this.startNext();
    });
  }

  private startNext(): void {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      if (next.threads > this.idle.length) return;
      this.queue.shift();
      next.start(this.idle.splice(0, next.threads));
    }
  }
}

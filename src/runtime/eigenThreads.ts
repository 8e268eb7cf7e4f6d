import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { RunError } from '../base/errors';
import type { EigenSolver } from '../engine/spectra/eigenSolver';
import type { GramBlock } from '../engine/spectra/gram';
import { expectConverged, kernelModule, type KernelCalls } from '../engine/spectra/tridiagonal/kernel';
import { KernelMemory } from '../engine/spectra/tridiagonal/kernelMemory';

/**
 * What a thread runs: the kernel alone, on a memory that is filled and read from here. So little that it stands here
 * as text, and no bundle has to know of a file for it.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { exports } = new WebAssembly.Instance(workerData.module, { host: { memory: workerData.memory } });
  parentPort.on('message', (calls) => {
    exports.tridiagonalise(...calls.tridiagonalise);
    parentPort.postMessage(exports.eigenvalues(...calls.eigenvalues));
  });
`;

/** One thread with its memory. */
class EigenThread {
  private readonly memory = new KernelMemory();
  private readonly worker: Worker;
  private waiting: ((error: Error) => void) | undefined;
  private ended: RunError | undefined;

  constructor() {
    this.worker = new Worker(THREAD, {
      eval: true,
      name: 'eigenvalues',
      workerData: { module: kernelModule(), memory: this.memory.memory },
    });
    this.worker.on('error', (cause) =>
      this.fail(new RunError({ what: `a thread for spectra failed: ${cause.message}` }, { cause })),
    );
    this.worker.on('exit', () =>
      this.fail(new RunError({ what: 'a thread for spectra ended before its result' })),
    );
  }

  async solve(blocks: readonly GramBlock[], size: number, negligible: number): Promise<Float64Array> {
    const calls: KernelCalls = this.memory.load(blocks, size, negligible);
    if (this.ended !== undefined) throw this.ended;
    const result = await new Promise<unknown>((resolve, reject) => {
      this.waiting = reject;
      this.worker.once('message', resolve);
      this.worker.postMessage(calls);
    });
    this.waiting = undefined;
    expectConverged(result);
    return this.memory.take();
  }

  private fail(error: RunError): void {
    this.ended ??= error;
    this.waiting?.(this.ended);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}

/**
 * Eigenvalues in threads of their own, while the caller's makes the next matrices: `parallel` at once, by default as
 * many as there are cores. To be disposed of, or the process does not end.
 */
export class EigenThreads implements EigenSolver {
  private readonly threads: readonly EigenThread[];
  private readonly idle: EigenThread[];
  private readonly queue: ((thread: EigenThread) => void)[] = [];

  constructor(readonly parallel: number = availableParallelism()) {
    this.threads = Array.from({ length: parallel }, () => new EigenThread());
    this.idle = [...this.threads];
  }

  async solve(blocks: readonly GramBlock[], size: number, negligible: number): Promise<Float64Array> {
    const thread = this.idle.pop() ?? (await new Promise<EigenThread>((free) => this.queue.push(free)));
    try {
      return await thread.solve(blocks, size, negligible);
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.idle.push(thread);
      else next(thread);
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }
}

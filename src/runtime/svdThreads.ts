import { Worker } from 'node:worker_threads';
import { RunError } from '../base/errors';
import { isRecord } from '../base/guards';
import type { SvdFound, SvdRequest } from './svdThread';

/** One matrix that a thread works on, or will. */
interface Asked {
  readonly resolve: (found: SvdFound) => void;
  readonly reject: (error: Error) => void;
}

/** One thread, which answers in the order in which it is asked. */
class SvdThread {
  private readonly worker: Worker;
  private readonly asked: Asked[] = [];
  private ended: RunError | undefined;

  constructor(program: string) {
    this.worker = new Worker(program, { name: 'decomposition' });
    this.worker.on('message', (reply: unknown) => {
      const next = this.asked.shift();
      const found = foundIn(reply);
      if (found !== undefined) next?.resolve(found);
      else next?.reject(new RunError({ what: `a matrix cannot be decomposed: ${errorIn(reply)}` }));
    });
    this.worker.on('error', (cause) =>
      this.end(new RunError({ what: `a thread for decompositions failed: ${cause.message}` }, { cause })),
    );
    this.worker.on('exit', () =>
      this.end(new RunError({ what: 'a thread for decompositions ended too soon' })),
    );
  }

  get busy(): number {
    return this.asked.length;
  }

  ask(request: SvdRequest): Promise<SvdFound> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const { buffer, byteLength } = request.weight;
    // Memory that is shown in part, or shared, is copied.
    const whole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
    return new Promise((resolve, reject) => {
      this.asked.push({ resolve, reject });
      this.worker.postMessage(request, whole ? [buffer] : []);
    });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private end(error: RunError): void {
    this.ended ??= error;
    for (const { reject } of this.asked.splice(0)) reject(this.ended);
  }
}

/**
 * Decompositions of several matrices at once, each by one thread of the CPU from beginning to end: small matrices give
 * threads that share every product too little to do. What is found does not depend on how many threads there are. To be
 * disposed of, or the process does not end.
 */
export class SvdThreads {
  private readonly threads: readonly SvdThread[];

  /** `program` is a file that calls `answerSvdRequests` where it is run in a thread. */
  constructor(program: string, count: number) {
    this.threads = Array.from({ length: count }, () => new SvdThread(program));
  }

  /** The top triples as `topSingular` finds them. The weight's memory is given away. */
  find(request: SvdRequest): Promise<SvdFound> {
    const [first, ...others] = this.threads;
    const thread = others.reduce((least, one) => ((least?.busy ?? 0) <= one.busy ? least : one), first);
    if (thread !== undefined) return thread.ask(request);
    return Promise.reject(new RunError({ what: 'there is no thread for decompositions' }));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }
}

function foundIn(reply: unknown): SvdFound | undefined {
  if (!isRecord(reply) || !isRecord(reply['found'])) return undefined;
  const { u, sigma, vt, errorBound, frobenius } = reply['found'];
  if (!(u instanceof Float32Array && sigma instanceof Float32Array && vt instanceof Float32Array))
    return undefined;
  if (typeof errorBound !== 'number' || typeof frobenius !== 'number') return undefined;
  return { u, sigma, vt, errorBound, frobenius };
}

function errorIn(reply: unknown): string {
  return isRecord(reply) && typeof reply['error'] === 'string' ? reply['error'] : 'the thread said nothing';
}

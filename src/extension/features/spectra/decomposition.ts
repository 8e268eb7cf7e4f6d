import { Owner, disposable } from '../../../base/disposable';
import { type ErrorFacts, toError } from '../../../base/errors';
import type { Spectrum } from '../../../protocol/panels/spectra';
import type { PanelProgress } from '../../../protocol/panels/subject';
import { factsOf, isFault } from '../../follower';
import type { SpectraListener } from './source';

/** How far a decomposition is. */
export type Work = 'none' | 'working' | 'done' | 'cancelled' | 'failed';

/** Decomposes, and tells what it finds; rejects with `InputError` for what the user can mend. */
type Task = (listener: SpectraListener, signal: AbortSignal) => Promise<void>;

interface DecompositionPort {
  readonly found: (spectrum: Spectrum) => void;
  /** It stands otherwise than before; `soon` where there is no hurry to say so. */
  readonly changed: (soon: boolean) => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/** One decomposition of a model: begun, cancelled, gone on with. What comes late of an earlier one is not told. */
export class Decomposition extends Owner {
  #work: Work = 'none';
  #task: Task | undefined;
  #working: AbortController | undefined;
  #problem: ErrorFacts | undefined;
  #progress: PanelProgress | undefined;

  constructor(private readonly port: DecompositionPort) {
    super();
    this.register(disposable(() => this.#working?.abort()));
  }

  get work(): Work {
    return this.#work;
  }

  get problem(): ErrorFacts | undefined {
    return this.#problem;
  }

  /** While it is at work. */
  get progress(): PanelProgress | undefined {
    return this.#work === 'working' ? this.#progress : undefined;
  }

  /** Ends what is under way, and forgets it. */
  reset(): void {
    this.#working?.abort();
    this.#working = undefined;
    this.#task = undefined;
    this.#work = 'none';
    this.#problem = undefined;
    this.#progress = undefined;
  }

  start(task: Task): void {
    this.reset();
    this.#task = task;
    void this.run(task);
  }

  /** Ends what is under way; it can be gone on with. */
  cancel(): void {
    if (this.#work !== 'working') return;
    this.#working?.abort();
    this.#work = 'cancelled';
    this.port.changed(false);
  }

  /** Begins again what failed, and goes on with what was cancelled. */
  retry(): void {
    if (this.#task !== undefined && (this.#work === 'cancelled' || this.#work === 'failed')) {
      void this.run(this.#task);
    }
  }

  private async run(task: Task): Promise<void> {
    const working = new AbortController();
    this.#working = working;
    this.#work = 'working';
    this.#problem = undefined;
    this.#progress = undefined;
    this.port.changed(false);
    const late = (): boolean => this.disposed || working.signal.aborted || this.#working !== working;
    try {
      await task(
        {
          found: (spectrum) => {
            if (!late()) this.port.found(spectrum);
          },
          progress: (progress) => {
            if (late()) return;
            this.#progress = progress;
            this.port.changed(true);
          },
        },
        working.signal,
      );
      if (late()) return;
      this.#work = 'done';
    } catch (thrown) {
      if (late()) return;
      const error = toError(thrown);
      this.#work = 'failed';
      this.#problem = factsOf(error);
      if (isFault(error)) this.port.onFault(error);
    }
    this.port.changed(false);
  }
}

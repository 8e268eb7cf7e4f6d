import { Owner, disposable } from '../base/disposable';
import { EigenloomError, type ErrorFacts, toError } from '../base/errors';
import type { PanelSubject } from '../protocol/panels/subject';

/** How long (ms) a text rests before it is read anew. */
const REST = 300;

/** What a panel is about; of an experiment also its text as it is now, saved or not. */
export interface FollowedSubject extends PanelSubject {
  readonly text?: string;
}

export interface FollowerPort<T> {
  /** Reads what there is of a subject. Rejects with `InputError` for what the user can mend. */
  readonly read: (subject: FollowedSubject, signal: AbortSignal) => Promise<T>;
  /** It was read; told anew for each newer text of the same subject. */
  readonly got: (value: T) => void;
  /** Another subject has come: nothing of the one before holds. */
  readonly left: () => void;
  /** There is something new to show. */
  readonly changed: () => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/** How far a follower is. */
export type FollowerState = 'empty' | 'untrusted' | 'reading' | 'read' | 'cancelled' | 'failed';

/**
 * Follows what a panel is about: reads a new subject at once and a changed text after a rest, one at a time; shows no
 * answer that comes too late; reads nothing while nobody looks or the workspace is not trusted.
 */
export class Follower<T> extends Owner {
  #subject: FollowedSubject | undefined;
  #state: FollowerState = 'empty';
  #problem: ErrorFacts | undefined;
  #reading: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #visible = true;
  #trusted: boolean;
  /** Changed while nobody looked. */
  #missed = false;

  constructor(
    private readonly port: FollowerPort<T>,
    trusted: boolean,
  ) {
    super();
    this.#trusted = trusted;
    this.register(
      disposable(() => {
        clearTimeout(this.#timer);
        this.#reading?.abort();
      }),
    );
  }

  get subject(): FollowedSubject | undefined {
    return this.#subject;
  }

  get state(): FollowerState {
    return this.#state;
  }

  /** What kept it from being read last. */
  get problem(): ErrorFacts | undefined {
    return this.#problem;
  }

  get visible(): boolean {
    return this.#visible;
  }

  /** What nobody sees is not read. */
  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible && this.#missed) this.readSoon(0);
  }

  /** Trust once given is not taken back. */
  trust(): void {
    if (this.#trusted) return;
    this.#trusted = true;
    this.readSoon(0);
  }

  /** Follows another subject, or the same with another text. */
  show(subject: FollowedSubject): void {
    const before = this.#subject;
    const other = before?.path !== subject.path || before.kind !== subject.kind;
    if (!other && before.text === subject.text) return;
    this.#subject = subject;
    if (other) {
      this.#reading?.abort();
      this.#problem = undefined;
      this.port.left();
    }
    this.readSoon(other ? 0 : REST);
  }

  /** Reads the subject again. */
  retry(): void {
    this.readSoon(0);
  }

  /** Ends a reading that is under way. */
  cancel(): void {
    if (this.#state !== 'reading') return;
    clearTimeout(this.#timer);
    this.#reading?.abort();
    this.#reading = undefined;
    this.#state = 'cancelled';
    this.port.changed();
  }

  private readSoon(rest: number): void {
    clearTimeout(this.#timer);
    if (this.#subject === undefined || this.disposed) return;
    if (!this.#trusted) {
      this.#state = 'untrusted';
      this.port.changed();
      return;
    }
    this.#missed = !this.#visible;
    if (this.#missed) return;
    this.#state = 'reading';
    if (rest === 0) this.port.changed();
    this.#timer = setTimeout(() => void this.readNow(), rest);
  }

  private async readNow(): Promise<void> {
    const subject = this.#subject;
    if (subject === undefined) return;
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const late = (): boolean => this.disposed || reading.signal.aborted || this.#reading !== reading;
    try {
      const value = await this.port.read(subject, reading.signal);
      if (late()) return;
      this.#problem = undefined;
      this.#state = 'read';
      this.port.got(value);
    } catch (thrown) {
      if (late()) return;
      const error = toError(thrown);
      this.#state = 'failed';
      this.#problem = factsOf(error);
      if (isFault(error)) this.port.onFault(error);
    }
    this.port.changed();
  }
}

/** What is to be said of an error. */
export function factsOf(error: Error): ErrorFacts {
  return error instanceof EigenloomError ? error.facts : { what: error.message };
}

/** Whether an error is none that the user can mend. */
export function isFault(error: Error): boolean {
  return !(error instanceof EigenloomError) || error.kind !== 'input';
}

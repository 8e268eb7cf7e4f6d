import { Owner, disposable } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import { EigenloomError, toError } from '../../../base/errors';
import type { Experiment } from '../../../protocol/experiment/types';
import type { inspectorApi, MemoryEstimate } from '../../../protocol/inspector';
import type { Calls } from '../../../protocol/rpc';

/** How long (ms) nothing is typed before the inspector is asked. */
const PAUSE = 600;
/** Answers that are kept. */
const KEPT = 32;

/** An experiment whose cost is asked for: as it is read, and the text for the inspector. */
interface Asked {
  readonly key: string;
  readonly text: string;
  readonly auto: boolean;
}

interface Followed {
  wanted: Asked | undefined;
  timer: NodeJS.Timeout | undefined;
  busy: boolean;
  /** The last answer, and of what it is. */
  known: { readonly key: string; readonly estimate: MemoryEstimate } | undefined;
}

/** What a run would take, and whether that is of the text as it stands now. */
export interface KnownEstimate {
  readonly estimate: MemoryEstimate;
  readonly current: boolean;
}

/**
 * What runs of the open experiments would take of the machine. The inspector is asked when the typing rests, one
 * question at a time for each file and once for the same content; the last answer stands until there is a newer one.
 */
export class Estimates extends Owner {
  readonly #changed = this.register(new Emitter<string>());
  readonly #followed = new Map<string, Followed>();
  readonly #answers = new Map<string, MemoryEstimate>();
  /** What `device: auto` takes here: found out once. */
  #device = '';

  /** Tells the file of which something else is known. */
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly calls: Pick<Calls<typeof inspectorApi>, 'estimate'>,
    /** Told of errors that are no answer. */
    private readonly onFault: (error: Error) => void,
    private readonly pause = PAUSE,
  ) {
    super();
    this.register(
      disposable(() => {
        for (const { timer } of this.#followed.values()) clearTimeout(timer);
      }),
    );
  }

  /** What is known of a file's run. */
  of(file: string): KnownEstimate | undefined {
    const followed = this.#followed.get(file);
    if (followed?.known === undefined) return undefined;
    return { estimate: followed.known.estimate, current: followed.known.key === followed.wanted?.key };
  }

  /** Asks for what an experiment comes to, with the text that it was read from. */
  ask(file: string, text: string, experiment: Experiment): void {
    const followed = this.#followed.get(file) ?? {
      wanted: undefined,
      timer: undefined,
      busy: false,
      known: undefined,
    };
    this.#followed.set(file, followed);
    const key = keyOf(experiment);
    const before = followed.wanted?.key;
    followed.wanted = { key, text, auto: experiment.device === 'auto' };
    const answer = this.#answers.get(key);
    if (answer !== undefined) {
      clearTimeout(followed.timer);
      this.tell(file, followed, key, answer);
    } else if (before !== key) this.askSoon(file, followed);
  }

  /** Asks anew for what does not fit, or could not be told: memory may be free again, a file be there. */
  refresh(): void {
    for (const [file, followed] of this.#followed) {
      const { known, wanted } = followed;
      if (known !== undefined) {
        if (known.key !== wanted?.key || known.estimate.predicted_mb <= known.estimate.available_mb) continue;
        this.#answers.delete(known.key);
      }
      this.askSoon(file, followed);
    }
  }

  /** Asks no more about a file. */
  forget(file: string): void {
    clearTimeout(this.#followed.get(file)?.timer);
    this.#followed.delete(file);
  }

  private askSoon(file: string, followed: Followed): void {
    clearTimeout(followed.timer);
    followed.timer = setTimeout(() => void this.find(file, followed), this.pause);
  }

  private async find(file: string, followed: Followed): Promise<void> {
    const { wanted, busy } = followed;
    if (busy || wanted === undefined) return;
    followed.busy = true;
    try {
      const estimate = await this.calls.estimate(file, wanted.text, this.#device);
      if (wanted.auto) this.#device = estimate.device;
      this.keep(wanted.key, estimate);
      this.tell(file, followed, wanted.key, estimate);
    } catch (thrown) {
      if (this.disposed) return;
      const error = toError(thrown);
      // What the user can mend stands where it is wrong: of that run nothing can be told.
      if (followed.wanted?.key === wanted.key && followed.known !== undefined) {
        followed.known = undefined;
        this.#changed.fire(file);
      }
      if (!(error instanceof EigenloomError && error.kind === 'input')) this.onFault(error);
    } finally {
      followed.busy = false;
    }
    // More may have been typed meanwhile.
    if (followed.wanted?.key !== wanted.key && !this.disposed) this.askSoon(file, followed);
  }

  private keep(key: string, estimate: MemoryEstimate): void {
    this.#answers.delete(key);
    this.#answers.set(key, estimate);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > KEPT && oldest !== undefined) this.#answers.delete(oldest);
  }

  private tell(file: string, followed: Followed, key: string, estimate: MemoryEstimate): void {
    if (this.disposed || this.#followed.get(file) !== followed) return;
    followed.known = { key, estimate };
    this.#changed.fire(file);
  }
}

/** All that a run's memory and device hang on. */
function keyOf({ model, data, adapter, training, memory, device }: Experiment): string {
  const { batch_size, gradient_accumulation, shuffle, seed, group_by_length } = training;
  const batches = [batch_size, gradient_accumulation, shuffle, seed, group_by_length];
  return JSON.stringify([model, data, adapter, batches, memory, device]);
}

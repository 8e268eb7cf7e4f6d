import { Owner, disposable } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import type { Spectrum, SpectraSet, Timeline } from '../../../protocol/panels/spectra';
import type { FollowedSubject } from '../../follower';
import { poll } from '../../../runs/survey/poll';
import { NO_TRAINING } from './changeSpectra';
import type { TrainedRun, TrainingFeed, TrainingSource } from './source';

/** How often (ms) it is looked whether a run at work has recorded more. */
const LOOK_EVERY = 1000;

interface TrainingPort {
  readonly source: TrainingSource;
  /** Other spectra than before, of the step that is shown; `timeline`: that is another, too. */
  readonly changed: (spectra: readonly Spectrum[], timeline: boolean) => void;
  readonly onFault: (error: Error) => void;
}

/**
 * Follows what training changed in the run that belongs to a subject, and shows one step of it: a chosen one, or the
 * last, however many come. What nobody sees is not read.
 */
export class Training extends Owner {
  #subject: FollowedSubject | undefined;
  #run: TrainedRun | undefined;
  #feed: TrainingFeed | undefined;
  #timeline: Timeline | undefined;
  #chosen: number | null = null;
  #relating: AbortController | undefined;
  #visible = true;
  /** The runs have changed since the subject's run was looked for. */
  #stale = false;
  #looking: Promise<void> | undefined;

  constructor(private readonly port: TrainingPort) {
    super();
    this.register(
      port.source.onDidChange(() => {
        this.#stale = true;
      }),
    );
    this.register(poll(LOOK_EVERY, () => this.look(), port.onFault));
    this.register(disposable(() => this.#relating?.abort()));
  }

  /** What there is to play; undefined where nothing has been recorded. */
  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  /** The set that the shown step's spectra belong to. */
  get set(): SpectraSet | undefined {
    const timeline = this.#timeline;
    return timeline === undefined
      ? undefined
      : { key: timeline.set, name: `ΔW of ${timeline.run}`, of: 'change' };
  }

  /** The step that is shown: the recorded one that is nearest to the chosen one. */
  get step(): number | undefined {
    const steps = this.#timeline?.steps ?? new Float64Array();
    const chosen = this.#chosen ?? Infinity;
    return steps.findLast((step) => step <= chosen) ?? steps[0];
  }

  get spectra(): readonly Spectrum[] {
    const { step } = this;
    return step === undefined ? [] : (this.#feed?.spectra(step) ?? []);
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible) void this.look();
  }

  /** Shows what had changed after a step; null: after the last. */
  show(step: number | null): void {
    this.#chosen = step;
    this.port.changed(this.spectra, false);
  }

  /** Follows the run of a subject, or of none. */
  follow(subject: FollowedSubject | undefined): void {
    const same = subject?.kind === this.#subject?.kind && subject?.path === this.#subject?.path;
    this.#subject = subject;
    if (same) return;
    this.leave(undefined);
    this.#chosen = null;
    this.#stale = true;
    // A look that was under way was at the subject before.
    void this.look().then(() => (this.#stale ? this.look() : undefined));
  }

  /** Ends finding how the changes lie to their weights; what has been found stays. */
  cancel(): void {
    this.#relating?.abort();
  }

  /** Goes on with what was cancelled. */
  retry(): void {
    if (this.#relating?.signal.aborted === true && this.#feed !== undefined && this.#run?.live === false) {
      this.relate(this.#feed);
    }
  }

  /** Looks what is new; one that is at it already is waited for. */
  private look(): Promise<void> {
    this.#looking ??= this.lookNow()
      .catch((thrown: unknown) => this.port.onFault(toError(thrown)))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  private async lookNow(): Promise<void> {
    const subject = this.#subject;
    if (subject === undefined || !this.#visible || this.disposed) return;
    const stale = this.#stale;
    this.#stale = false;
    const late = (): boolean => this.disposed || this.#subject?.path !== subject.path;
    const before = this.#run;
    const run = stale ? await this.port.source.find(subject) : before;
    if (late()) return;
    if (run?.folder !== before?.folder) this.leave(run);
    this.#run = run;
    const feed = this.#feed;
    if (run === undefined || feed === undefined) return;
    const told = run.live === this.#timeline?.live && run.name === this.#timeline.run;
    // What a trainer wrote last, it wrote before it was seen to have ended.
    const grown = run.live || stale || this.#timeline === undefined ? await feed.poll() : false;
    if (late() || (!grown && told)) return;
    const timeline = { ...feed.timeline(), run: run.name, live: run.live };
    if (timeline.steps.length === 0 && this.#timeline === undefined) return;
    this.#timeline = timeline.steps.length === 0 ? undefined : timeline;
    this.port.changed(this.spectra, true);
    if (!run.live) this.relate(feed);
  }

  /** Another run, or none, is looked at. */
  private leave(run: TrainedRun | undefined): void {
    this.#relating?.abort();
    this.#run = run;
    this.#feed = run === undefined ? undefined : this.port.source.open(run);
    if (this.#timeline === undefined) return;
    this.#timeline = undefined;
    this.port.changed([], true);
  }

  private relate(feed: TrainingFeed): void {
    this.#relating?.abort();
    const relating = new AbortController();
    this.#relating = relating;
    const found = (spectrum: Spectrum): void => {
      if (!relating.signal.aborted && this.step === feed.steps.at(-1)) this.port.changed([spectrum], false);
    };
    feed.relate(found, relating.signal).catch((thrown: unknown) => {
      if (!relating.signal.aborted) this.port.onFault(toError(thrown));
    });
  }
}

/** What tells a page that there is nothing to play. */
export function timelineOf({ timeline }: Training): Timeline {
  return timeline ?? NO_TRAINING;
}

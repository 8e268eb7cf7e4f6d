import { Owner, disposable } from '../../../base/disposable';
import type { ErrorFacts } from '../../../base/errors';
import type { SpectraPatch, SpectraSet, SpectraView, Spectrum } from '../../../protocol/panels/spectra';
import type { PanelStatus } from '../../../protocol/panels/subject';
import { Follower, type FollowedSubject } from '../../follower';
import { problemText } from '../../problemText';
import { modelName } from './comparison';
import { Decomposition } from './decomposition';
import type { SpectraOutline, SpectraSource, TrainingSource } from './source';
import { timelineOf, Training } from './training';

/** The shortest time (ms) between two patches while spectra come in. */
const PATCH_EVERY = 150;

interface SessionPort {
  readonly source: SpectraSource;
  readonly training: TrainingSource;
  readonly trusted: boolean;
  readonly post: (patch: SpectraPatch) => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/**
 * What one spectra panel shows: follows its subject, has it decomposed once for each model, whatever else changes in
 * the experiment, compares it with another model, plays what its run's training changed, and tells the page of spectra
 * as they come. A hidden page is told nothing; it asks for everything when it is back.
 */
export class SpectraSession extends Owner {
  #id = 0;
  #outline: SpectraOutline | undefined;
  /** The path of the model that is compared with. */
  #compared: string | undefined;
  readonly #spectra = new Map<string, Spectrum>();
  /** Spectra that the page has not been told of. */
  readonly #fresh = new Map<string, Spectrum>();
  #timelineIsNew = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #follower: Follower<SpectraOutline>;
  readonly #own: Decomposition;
  readonly #other: Decomposition;
  readonly #training: Training;

  constructor(private readonly port: SessionPort) {
    super();
    const { onFault } = port;
    this.#follower = this.register(
      new Follower<SpectraOutline>(
        {
          read: (subject, signal) => port.source.outline(subject, signal),
          got: (outline) => this.adopt(outline),
          left: () => this.forget(),
          changed: () => this.post(),
          onFault,
        },
        port.trusted,
      ),
    );
    const decomposition = (): Decomposition =>
      new Decomposition({
        found: (spectrum) => {
          this.add([spectrum]);
          this.postSoon();
        },
        changed: (soon) => (soon ? this.postSoon() : this.post()),
        onFault,
      });
    this.#own = this.register(decomposition());
    this.#other = this.register(decomposition());
    this.#training = this.register(
      new Training({
        source: port.training,
        changed: (spectra, timeline) => {
          this.#timelineIsNew ||= timeline;
          this.add(spectra);
          this.postSoon();
        },
        onFault,
      }),
    );
    this.register(disposable(() => clearTimeout(this.#timer)));
  }

  get subject(): FollowedSubject | undefined {
    return this.#follower.subject;
  }

  /** Everything there is. */
  get snapshot(): SpectraPatch {
    const spectra = [...this.#spectra.values(), ...this.#training.spectra];
    return { view: this.view, spectra, timeline: timelineOf(this.#training) };
  }

  /** The place of what is wrong. */
  get problem(): ErrorFacts | undefined {
    return this.#follower.problem ?? this.#own.problem ?? this.#other.problem;
  }

  set visible(visible: boolean) {
    this.#follower.visible = visible;
    this.#training.visible = visible;
  }

  trust(): void {
    this.#follower.trust();
  }

  /** Shows another subject, or the same with another text. */
  show(subject: FollowedSubject): void {
    this.#follower.show(subject);
  }

  /** Begins again what failed, and goes on with what was cancelled. */
  retry(): void {
    if (this.#follower.state !== 'read') this.#follower.retry();
    this.#own.retry();
    this.#other.retry();
    this.#training.retry();
  }

  /** Ends what is under way; what has been found stays. */
  cancel(): void {
    this.#follower.cancel();
    this.#own.cancel();
    this.#other.cancel();
    this.#training.cancel();
  }

  /** Shows what had changed after a step of training; null: after the last. The page knows of it when this returns. */
  showStep(step: number | null): void {
    this.#training.show(step);
    this.post();
  }

  /** The path of the model whose spectra are shown, once it is known. */
  get model(): string | undefined {
    return this.#outline?.key;
  }

  /** Compares with a model, by its path; undefined: with none. */
  compare(model: string | undefined): void {
    if (model === this.#compared) return;
    const gone = new Set(this.comparedSets.map(({ key }) => key));
    for (const spectra of [this.#spectra, this.#fresh]) {
      for (const [key, { set }] of spectra) if (gone.has(set)) spectra.delete(key);
    }
    this.#compared = model;
    this.#other.reset();
    this.startComparison();
    this.post();
  }

  private get view(): SpectraView {
    const outline = this.#outline;
    const { subject } = this.#follower;
    const { problem } = this;
    const { step } = this.#training;
    const compared = this.#compared;
    const progress = this.#own.progress ?? this.#other.progress;
    return {
      id: this.#id,
      ...(subject === undefined ? {} : { subject: { kind: subject.kind, path: subject.path } }),
      name: outline?.name ?? '',
      ...(outline?.model === undefined ? {} : { model: outline.model }),
      status: this.status,
      ...(problem === undefined ? {} : { problem: problemText(problem) }),
      ...(progress === undefined ? {} : { progress }),
      modules: [...(outline?.modules ?? [])],
      sets: this.sets,
      ...(outline?.adapter === undefined ? {} : { adapter: outline.adapter }),
      ...(compared === undefined ? {} : { compared: { path: compared, name: modelName(compared) } }),
      ...(step === undefined ? {} : { step }),
    };
  }

  /** Weights before changes; else in the order in which they are named here. */
  private get sets(): SpectraSet[] {
    const outline = this.#outline;
    if (outline === undefined) return [];
    const { set } = this.#training;
    const all = [...outline.sets, ...(set === undefined ? [] : [set]), ...this.comparedSets];
    return [...all.filter(({ of }) => of === 'weights'), ...all.filter(({ of }) => of === 'change')];
  }

  private get comparedSets(): readonly SpectraSet[] {
    const outline = this.#outline;
    return outline === undefined || this.#compared === undefined
      ? []
      : this.port.source.comparedSets(outline, this.#compared);
  }

  private get status(): PanelStatus {
    const { state } = this.#follower;
    if (state === 'empty' || state === 'untrusted' || state === 'failed') return state;
    if (this.#outline === undefined) return state === 'cancelled' ? 'cancelled' : 'opening';
    const works = [this.#own.work, this.#other.work];
    const [work] = (['failed', 'working', 'cancelled', 'done'] as const).filter((one) => works.includes(one));
    return work ?? 'opening';
  }

  private adopt(outline: SpectraOutline): void {
    const same = outline.key === this.#outline?.key;
    if (!same) this.forget();
    this.#outline = outline;
    this.#training.follow(this.subject);
    if (same) return;
    this.#own.start((listener, signal) => this.port.source.decompose(outline, listener, signal));
    this.startComparison();
  }

  private startComparison(): void {
    const [outline, model] = [this.#outline, this.#compared];
    if (outline === undefined || model === undefined) return;
    this.#other.start((listener, signal) => this.port.source.compare(outline, model, listener, signal));
  }

  private forget(): void {
    this.#id++;
    this.#outline = undefined;
    this.#spectra.clear();
    this.#fresh.clear();
    this.#own.reset();
    this.#other.reset();
    this.#training.follow(undefined);
    this.#timelineIsNew = false;
  }

  /** Keeps what was found. What training changed is kept by those who follow it. */
  private add(spectra: readonly Spectrum[]): void {
    for (const spectrum of spectra) {
      const key = `${spectrum.set}\n${spectrum.path}`;
      if (spectrum.set !== this.#training.set?.key) this.#spectra.set(key, spectrum);
      this.#fresh.set(key, spectrum);
    }
  }

  private postSoon(): void {
    this.#timer ??= setTimeout(() => this.post(), PATCH_EVERY);
  }

  private post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spectra = [...this.#fresh.values()];
    this.#fresh.clear();
    const timeline = this.#timelineIsNew ? { timeline: timelineOf(this.#training) } : {};
    this.#timelineIsNew = false;
    if (this.#follower.visible && !this.disposed) this.port.post({ view: this.view, spectra, ...timeline });
  }
}

import { Owner, disposable } from '../../../base/disposable';
import { type ErrorFacts, toError } from '../../../base/errors';
import type { SpectraPatch, SpectraView, Spectrum } from '../../../protocol/panels/spectra';
import type { PanelProgress, PanelStatus } from '../../../protocol/panels/subject';
import { factsOf, Follower, type FollowedSubject, isFault } from '../../follower';
import { problemText } from '../../problemText';
import type { SpectraOutline, SpectraSource } from './source';

/** The shortest time (ms) between two patches while spectra come in. */
const PATCH_EVERY = 150;

interface SessionPort {
  readonly source: SpectraSource;
  readonly trusted: boolean;
  readonly post: (patch: SpectraPatch) => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/** How far the decompositions are. */
type Work = 'none' | 'working' | 'done' | 'cancelled' | 'failed';

/**
 * What one spectra panel shows: follows its subject, has it decomposed once for each model, whatever else changes in
 * the experiment, and tells the page of spectra as they come. A hidden page is told nothing; it asks for everything
 * when it is back.
 */
export class SpectraSession extends Owner {
  #id = 0;
  #outline: SpectraOutline | undefined;
  #work: Work = 'none';
  #working: AbortController | undefined;
  #problem: ErrorFacts | undefined;
  #progress: PanelProgress | undefined;
  readonly #spectra = new Map<string, Spectrum>();
  /** Spectra that the page has not been told of. */
  readonly #fresh = new Map<string, Spectrum>();
  #timer: NodeJS.Timeout | undefined;
  readonly #follower: Follower<SpectraOutline>;

  constructor(private readonly port: SessionPort) {
    super();
    this.#follower = this.register(
      new Follower<SpectraOutline>(
        {
          read: (subject, signal) => port.source.outline(subject, signal),
          got: (outline) => this.adopt(outline),
          left: () => this.forget(),
          changed: () => this.post(),
          onFault: port.onFault,
        },
        port.trusted,
      ),
    );
    this.register(
      disposable(() => {
        clearTimeout(this.#timer);
        this.#working?.abort();
      }),
    );
  }

  get subject(): FollowedSubject | undefined {
    return this.#follower.subject;
  }

  /** Everything there is. */
  get snapshot(): SpectraPatch {
    return { view: this.view, spectra: [...this.#spectra.values()] };
  }

  /** The place of what is wrong. */
  get problem(): ErrorFacts | undefined {
    return this.#follower.problem ?? this.#problem;
  }

  set visible(visible: boolean) {
    this.#follower.visible = visible;
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
    const outline = this.#outline;
    if (outline !== undefined && (this.#work === 'cancelled' || this.#work === 'failed')) {
      void this.decompose(outline);
    }
  }

  /** Ends what is under way; what has been found stays. */
  cancel(): void {
    this.#follower.cancel();
    if (this.#work !== 'working') return;
    this.#working?.abort();
    this.#work = 'cancelled';
    this.post();
  }

  private get view(): SpectraView {
    const outline = this.#outline;
    const { subject } = this.#follower;
    const { problem } = this;
    return {
      id: this.#id,
      ...(subject === undefined ? {} : { subject: { kind: subject.kind, path: subject.path } }),
      name: outline?.name ?? '',
      ...(outline?.model === undefined ? {} : { model: outline.model }),
      status: this.status,
      ...(problem === undefined ? {} : { problem: problemText(problem) }),
      ...(this.#work === 'working' && this.#progress !== undefined ? { progress: this.#progress } : {}),
      modules: [...(outline?.modules ?? [])],
      sets: [...(outline?.sets ?? [])],
      ...(outline?.adapter === undefined ? {} : { adapter: outline.adapter }),
    };
  }

  private get status(): PanelStatus {
    const { state } = this.#follower;
    if (state === 'empty' || state === 'untrusted' || state === 'failed') return state;
    if (this.#outline === undefined) return state === 'cancelled' ? 'cancelled' : 'opening';
    return this.#work === 'none' ? 'opening' : this.#work;
  }

  private adopt(outline: SpectraOutline): void {
    const same = outline.key === this.#outline?.key;
    if (!same) this.forget();
    this.#outline = outline;
    if (!same) void this.decompose(outline);
  }

  private forget(): void {
    this.#working?.abort();
    this.#working = undefined;
    this.#id++;
    this.#outline = undefined;
    this.#work = 'none';
    this.#problem = undefined;
    this.#progress = undefined;
    this.#spectra.clear();
    this.#fresh.clear();
  }

  private async decompose(outline: SpectraOutline): Promise<void> {
    const working = new AbortController();
    this.#working = working;
    this.#work = 'working';
    this.#problem = undefined;
    this.#progress = undefined;
    this.post();
    const late = (): boolean => this.disposed || working.signal.aborted || this.#working !== working;
    try {
      await this.port.source.decompose(
        outline,
        {
          found: (spectrum) => {
            if (!late()) this.found(spectrum);
          },
          progress: (progress) => {
            if (late()) return;
            this.#progress = progress;
            this.postSoon();
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
    this.post();
  }

  private found(spectrum: Spectrum): void {
    const key = `${spectrum.set}\n${spectrum.path}`;
    this.#spectra.set(key, spectrum);
    this.#fresh.set(key, spectrum);
    this.postSoon();
  }

  private postSoon(): void {
    this.#timer ??= setTimeout(() => this.post(), PATCH_EVERY);
  }

  private post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spectra = [...this.#fresh.values()];
    this.#fresh.clear();
    if (this.#follower.visible && !this.disposed) this.port.post({ view: this.view, spectra });
  }
}

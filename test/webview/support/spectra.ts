import { spectraCsv } from '../../../src/extension/features/spectra/csv';
import { SpectraSession } from '../../../src/extension/features/spectra/session';
import type {
  SpectraListener,
  SpectraOutline,
  SpectraSource,
} from '../../../src/extension/features/spectra/source';
import { spectraHostApi, spectraPanelApi, type SpectraPatch } from '../../../src/protocol/panels/spectra';
import type { Calls, Channel } from '../../../src/protocol/rpc';
import type { SpectraSet } from '../../../src/protocol/panels/spectra';
import { changeOf, decoderModules, powerLaw } from '../../support/spectraModel';
import { PlayedRun } from './playedRun';
import { SubjectHost } from './subjectHost';

export interface SpectraWorld {
  readonly layers?: number;
  readonly width?: number;
  /** Also a tuned model and what changed in it. */
  readonly tuned?: boolean;
  /** No experiment, so that no rank can be written. */
  readonly plain?: boolean;
  readonly trusted?: boolean;
  /** Rejects each outline, until it is taken out. */
  failure?: Error | undefined;
  /** Whether decompositions wait for `go` after so many. */
  readonly pauseAfter?: number;
  /** Whether the spectra are randomised ones. */
  readonly rough?: boolean;
  readonly method?: string;
  /** What is looked at is a run. */
  readonly run?: boolean;
  /** A run has recorded so many of its evaluations. */
  readonly recorded?: number;
  /** It is at work still. */
  readonly live?: boolean;
}

/** The host of a panel of spectra, over the same session as in the extension. */
export class SpectraHost extends SubjectHost<SpectraPatch, typeof spectraPanelApi> implements SpectraSource {
  readonly session: SpectraSession;
  readonly training: PlayedRun;
  /** The steps that the page has asked for. */
  readonly stepped: (number | null)[] = [];
  readonly ranks: number[] = [];
  rank = 32;

  constructor(readonly world: SpectraWorld = {}) {
    super();
    this.training = new PlayedRun(
      world.layers ?? 32,
      world.width ?? 576,
      world.recorded ?? 0,
      world.live ?? false,
    );
    this.session = new SpectraSession({
      ...this.portOf(world.trusted),
      source: this,
      training: this.training,
    });
  }

  connect(channel: Channel): void {
    this.link(spectraHostApi, this.handlers(), spectraPanelApi, channel);
  }

  override show(): void {
    if (this.world.run === true) this.session.show({ kind: 'run', path: '/work/runs/gsm8k-lamda' });
    else super.show();
  }

  comparedSets(): readonly SpectraSet[] {
    return [
      { key: 'compared', name: 'SmolLM2-135M-Instruct', of: 'weights' },
      { key: 'difference', name: 'ΔW of SmolLM2-135M-Instruct', of: 'change' },
    ];
  }

  async compare(
    outline: SpectraOutline,
    _model: string,
    listener: SpectraListener,
    signal: AbortSignal,
  ): Promise<void> {
    const { layers = 32 } = this.world;
    for (const module of outline.modules) {
      if (signal.aborted) return;
      listener.found(powerLaw(module, layers, { set: 'compared', scale: 1.12 }));
      listener.found(changeOf(module, layers, 64, 'difference'));
    }
    await Promise.resolve();
  }

  outline(): Promise<SpectraOutline> {
    const { layers = 32, width = 576, tuned = false, plain = false, failure, method = 'lamda' } = this.world;
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve({
      key: 'SmolLM2-135M',
      name: 'gsm8k',
      model: 'models/SmolLM2-135M',
      modules: decoderModules(layers, width, plain ? undefined : this.rank),
      sets: [
        { key: 'base', name: 'SmolLM2-135M', of: 'weights' },
        ...(tuned
          ? [
              { key: 'tuned', name: 'tuned', of: 'weights' as const },
              { key: 'change', name: 'ΔW', of: 'change' as const },
            ]
          : []),
      ],
      ...(plain ? {} : { adapter: { method, rank: this.rank } }),
    });
  }

  async decompose(outline: SpectraOutline, listener: SpectraListener, signal: AbortSignal): Promise<void> {
    const { layers = 32, tuned = false, pauseAfter, rough = false } = this.world;
    for (const [index, module] of outline.modules.entries()) {
      if (index === pauseAfter) {
        listener.progress({ done: index, total: outline.modules.length, what: 'first approximation' });
        await this.wait();
      }
      if (signal.aborted) return;
      listener.found(powerLaw(module, layers, rough ? { top: 80 } : {}));
      if (tuned) {
        listener.found(powerLaw(module, layers, { set: 'tuned', scale: 1.08 }));
        listener.found(changeOf(module, layers, 16));
      }
    }
  }

  protected tell(calls: Calls<typeof spectraPanelApi>, patch: SpectraPatch): Promise<unknown> {
    return calls.patch(patch);
  }

  private handlers(): Calls<typeof spectraHostApi> {
    const { session } = this;
    return {
      ...this.common,
      ready: () => Promise.resolve(session.snapshot),
      setRank: (rank) => {
        this.ranks.push(rank);
        this.rank = rank;
        this.show();
        return Promise.resolve();
      },
      showStep: (step) => {
        this.stepped.push(step);
        session.showStep(step);
        return Promise.resolve();
      },
      compare: () => {
        session.compare('/models/SmolLM2-135M-Instruct');
        return Promise.resolve();
      },
      endComparison: () => {
        session.compare(undefined);
        return Promise.resolve();
      },
      saveSvg: (svg) => this.keep({ svg }),
      savePng: (png) => this.keep({ png }),
      saveCsv: (table) => this.keep({ csv: spectraCsv(session.snapshot, table) }),
    };
  }
}

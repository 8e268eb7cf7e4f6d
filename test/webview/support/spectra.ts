import { spectraCsv } from '../../../src/extension/features/spectra/csv';
import { SpectraSession } from '../../../src/extension/features/spectra/session';
import type {
  SpectraListener,
  SpectraOutline,
  SpectraSource,
} from '../../../src/extension/features/spectra/source';
import { spectraHostApi, spectraPanelApi } from '../../../src/protocol/panels/spectra';
import { type Calls, type Channel, connect, type Peer } from '../../../src/protocol/rpc';
import { changeOf, decoderModules, powerLaw } from '../../support/spectraModel';

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
}

/** The host of a panel of spectra, over the same session as in the extension; what it would ask VS Code for is kept. */
export class SpectraHost implements SpectraSource {
  readonly session: SpectraSession;
  readonly errors: Error[] = [];
  readonly ranks: number[] = [];
  readonly saved: { svg?: string; png?: Uint8Array; csv?: string } = {};
  rank = 32;
  trusts = 0;
  places = 0;
  go: () => void = () => undefined;
  #text = 0;
  #peer: Peer<typeof spectraPanelApi> | undefined;

  constructor(readonly world: SpectraWorld = {}) {
    this.session = new SpectraSession({
      source: this,
      trusted: world.trusted ?? true,
      post: (patch) => {
        this.#peer?.calls.patch(patch).catch((error: unknown) => {
          this.errors.push(error instanceof Error ? error : new Error(String(error)));
        });
      },
      onFault: (error) => this.errors.push(error),
    });
  }

  connect(channel: Channel): void {
    this.#peer = connect(spectraHostApi, this.handlers(), spectraPanelApi, channel, {
      onError: (error) => this.errors.push(error),
    });
  }

  /** Shows the experiment with its text as it is now. */
  show(): void {
    this.session.show({ kind: 'experiment', path: '/work/gsm8k.tune.yaml', text: String(this.#text++) });
  }

  dispose(): void {
    this.#peer?.dispose();
    this.session.dispose();
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
        await new Promise<void>((resolve) => {
          this.go = resolve;
        });
      }
      if (signal.aborted) return;
      listener.found(powerLaw(module, layers, rough ? { top: 80 } : {}));
      if (tuned) {
        listener.found(powerLaw(module, layers, { set: 'tuned', scale: 1.08 }));
        listener.found(changeOf(module, layers, 16));
      }
    }
  }

  private handlers(): Calls<typeof spectraHostApi> {
    const { session } = this;
    const kept = (form: Partial<SpectraHost['saved']>): Promise<boolean> => {
      Object.assign(this.saved, form);
      return Promise.resolve(true);
    };
    return {
      ready: () => Promise.resolve(session.snapshot),
      setRank: (rank) => {
        this.ranks.push(rank);
        this.rank = rank;
        this.show();
        return Promise.resolve();
      },
      retry: () => {
        session.retry();
        return Promise.resolve();
      },
      cancel: () => {
        session.cancel();
        return Promise.resolve();
      },
      trust: () => {
        this.trusts++;
        session.trust();
        return Promise.resolve();
      },
      openProblem: () => {
        this.places++;
        return Promise.resolve();
      },
      saveSvg: (svg) => kept({ svg }),
      savePng: (png) => kept({ png }),
      saveCsv: (table) => kept({ csv: spectraCsv(session.snapshot, table) }),
    };
  }
}

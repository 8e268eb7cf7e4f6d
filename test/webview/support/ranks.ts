import { RanksSession } from '../../../src/extension/features/ranks/session';
import type { RankBoard, RanksSource } from '../../../src/extension/features/ranks/source';
import type { FollowedSubject } from '../../../src/extension/follower';
import { ranksHostApi, ranksPanelApi, type RankRequest } from '../../../src/protocol/panels/ranks';
import type { PanelProgress } from '../../../src/protocol/panels/subject';
import { type Calls, type Channel, connect, type Peer } from '../../../src/protocol/rpc';
import { rankPlanner } from '../../support/rankPlanner';
import { decoderModules } from '../../support/spectraModel';

export interface RanksWorld {
  readonly layers?: number;
  readonly trusted?: boolean;
  /** Rejects each opening, until it is taken out. */
  failure?: Error | undefined;
  /** Whether the energies wait for `go`. */
  readonly paused?: boolean;
  /** How long (ms) a plan takes. */
  readonly slow?: number;
}

const CANDIDATES = [4, 8, 16, 32, 64];

/** The host of a board of ranks, over the same session as in the extension. */
export class RanksHost implements RanksSource {
  readonly session: RanksSession;
  readonly errors: Error[] = [];
  readonly applied: RankRequest[] = [];
  readonly planned: RankRequest[] = [];
  /** The most plans that were under way at once. */
  most = 0;
  trusts = 0;
  go: () => void = () => undefined;
  configured: RankRequest = {
    budget: { unit: 'rank', value: 24 },
    rule: 'equal-energy',
    min: 4,
    max: 64,
    pinned: {},
  };
  #running = 0;
  #text = 0;
  #peer: Peer<typeof ranksPanelApi> | undefined;

  constructor(readonly world: RanksWorld = {}) {
    this.session = new RanksSession({
      source: this,
      trusted: world.trusted ?? true,
      post: (view) => {
        this.#peer?.calls.show(view).catch((error: unknown) => {
          this.errors.push(error instanceof Error ? error : new Error(String(error)));
        });
      },
      onFault: (error) => this.errors.push(error),
    });
  }

  connect(channel: Channel): void {
    this.#peer = connect(ranksHostApi, this.handlers(), ranksPanelApi, channel, {
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

  async open(
    _subject: FollowedSubject,
    progress: (progress: PanelProgress) => void,
    signal: AbortSignal,
  ): Promise<RankBoard> {
    const { layers = 32, failure, paused = false } = this.world;
    if (failure !== undefined) throw failure;
    const modules = decoderModules(layers, 576);
    if (paused) {
      progress({ done: 41, total: modules.length });
      await new Promise<void>((resolve) => {
        this.go = resolve;
      });
      signal.throwIfAborted();
    }
    const plan = rankPlanner(modules, layers, CANDIDATES);
    const before = plan({ ...this.configured, rule: 'uniform', budget: { unit: 'rank', value: 16 } });
    return {
      name: 'gsm8k',
      model: 'models/SmolLM2-135M',
      modules,
      candidates: CANDIDATES,
      configured: this.configured,
      others: [{ key: 'run-1', name: 'gsm8k, Nov 24 12:00', modules: before.modules, totals: before.totals }],
      plan,
      changes: () => [],
    };
  }

  private handlers(): Calls<typeof ranksHostApi> {
    const { session } = this;
    return {
      ready: () => Promise.resolve(session.view),
      plan: async (request) => {
        this.planned.push(request);
        this.most = Math.max(this.most, ++this.#running);
        try {
          if (this.world.slow !== undefined) {
            await new Promise((resolve) => setTimeout(resolve, this.world.slow));
          }
          return session.plan(request);
        } finally {
          this.#running--;
        }
      },
      apply: (request) => {
        this.applied.push(request);
        this.configured = request;
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
      openProblem: () => Promise.resolve(),
    };
  }
}

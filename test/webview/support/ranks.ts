import { Emitter } from '../../../src/base/emitter';
import { RanksSession } from '../../../src/extension/features/ranks/session';
import type { RankBoard, RanksSource } from '../../../src/extension/features/ranks/source';
import type { FollowedSubject } from '../../../src/extension/follower';
import {
  ranksHostApi,
  ranksPanelApi,
  type RankRequest,
  type RanksView,
} from '../../../src/protocol/panels/ranks';
import type { PanelProgress } from '../../../src/protocol/panels/subject';
import type { Calls, Channel } from '../../../src/protocol/rpc';
import { rankPlanner } from '../../support/rankPlanner';
import { decoderModules } from '../../support/spectraModel';
import { SubjectHost } from './subjectHost';

export interface RanksWorld {
  readonly layers?: number;
  readonly trusted?: boolean;
  /** Rejects each opening, until it is taken out. */
  failure?: Error | undefined;
  /** Whether the energies wait for `go`. */
  readonly paused?: boolean;
  /** How long (ms) a plan takes. */
  readonly slow?: number;
  /** The board is that of a run. */
  readonly run?: boolean;
}

const CANDIDATES = [4, 8, 16, 32, 64];

/** The host of a board of ranks, over the same session as in the extension. */
export class RanksHost extends SubjectHost<RanksView, typeof ranksPanelApi> implements RanksSource {
  readonly session: RanksSession;
  readonly applied: RankRequest[] = [];
  readonly planned: RankRequest[] = [];
  /** The most plans that were under way at once. */
  most = 0;
  configured: RankRequest = {
    budget: { unit: 'rank', value: 24 },
    rule: 'equal-energy',
    min: 4,
    max: 64,
    pinned: {},
  };
  readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  #running = 0;

  constructor(readonly world: RanksWorld = {}) {
    super();
    this.session = new RanksSession({ ...this.portOf(world.trusted), source: this });
  }

  connect(channel: Channel): void {
    this.link(ranksHostApi, this.handlers(), ranksPanelApi, channel);
  }

  comparable(): string {
    return '';
  }

  async open(
    _subject: FollowedSubject,
    progress: (progress: PanelProgress) => void,
    signal: AbortSignal,
  ): Promise<RankBoard> {
    const { layers = 32, failure, paused = false, run = false } = this.world;
    if (failure !== undefined) throw failure;
    const modules = decoderModules(layers, 576);
    if (paused) {
      progress({ done: 41, total: modules.length });
      await this.wait();
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
      readOnly: run,
      plan: run ? () => before : plan,
      changes: () => [],
      ...(run ? { fixed: 'The run has been: its ranks stand.' } : {}),
    };
  }

  protected tell(calls: Calls<typeof ranksPanelApi>, view: RanksView): Promise<unknown> {
    return calls.show(view);
  }

  private handlers(): Calls<typeof ranksHostApi> {
    const { session } = this;
    return {
      ...this.common,
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
      saveSvg: (svg) => this.keep({ svg }),
      savePng: (png) => this.keep({ png }),
      saveCsv: (request) => this.keep({ csv: session.csv(request) }),
      apply: (request) => {
        this.applied.push(request);
        this.configured = request;
        this.show();
        return Promise.resolve();
      },
    };
  }
}

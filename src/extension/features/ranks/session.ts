import { Owner, disposable } from '../../../base/disposable';
import { type ErrorFacts, InputError } from '../../../base/errors';
import type { RankPlan, RankRequest, RanksView } from '../../../protocol/panels/ranks';
import type { PanelProgress, PanelStatus } from '../../../protocol/panels/subject';
import { Follower, type FollowedSubject } from '../../follower';
import { problemText } from '../../problemText';
import type { KeyChange } from '../language/setKeys';
import { ranksCsv } from './csv';
import type { RankBoard, RanksSource } from './source';

/** The shortest time (ms) between two views while energies are read. */
const VIEW_EVERY = 150;

interface SessionPort {
  readonly source: RanksSource;
  readonly trusted: boolean;
  readonly post: (view: RanksView) => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/**
 * What one rank board shows: follows an experiment, reads the energies of its modules, and plans ranks when it is
 * asked. The board of an earlier text stays while a newer one is read, or has faults.
 */
export class RanksSession extends Owner {
  #id = 0;
  #board: RankBoard | undefined;
  #progress: PanelProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The runs that the board was compared with when it was read. */
  #comparable = '';
  readonly #follower: Follower<RankBoard>;

  constructor(private readonly port: SessionPort) {
    super();
    this.#follower = this.register(
      new Follower<RankBoard>(
        {
          read: (subject, signal) => this.open(subject, signal),
          got: (board) => {
            this.#board = board;
            this.#progress = undefined;
          },
          left: () => {
            this.#id++;
            this.#board = undefined;
            this.#progress = undefined;
          },
          changed: () => this.post(),
          onFault: port.onFault,
        },
        port.trusted,
      ),
    );
    this.register(
      port.source.onDidChange(() => {
        const { subject, state } = this.#follower;
        if (subject === undefined || state !== 'read') return;
        if (port.source.comparable(subject) !== this.#comparable) this.#follower.retry();
      }),
    );
    this.register(disposable(() => clearTimeout(this.#timer)));
  }

  get subject(): FollowedSubject | undefined {
    return this.#follower.subject;
  }

  /** The place of what is wrong. */
  get problem(): ErrorFacts | undefined {
    return this.#follower.problem;
  }

  set visible(visible: boolean) {
    this.#follower.visible = visible;
  }

  get view(): RanksView {
    const board = this.#board;
    const { subject, problem } = this.#follower;
    return {
      id: this.#id,
      ...(subject === undefined ? {} : { subject: { kind: subject.kind, path: subject.path } }),
      name: board?.name ?? '',
      ...(board?.model === undefined ? {} : { model: board.model }),
      status: this.status,
      ...(problem === undefined ? {} : { problem: problemText(problem) }),
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
      modules: [...(board?.modules ?? [])],
      candidates: [...(board?.candidates ?? [])],
      ...(board === undefined ? {} : { configured: board.configured }),
      ...(board?.fixed === undefined ? {} : { fixed: board.fixed }),
      readOnly: board?.readOnly ?? false,
      others: [...(board?.others ?? [])],
    };
  }

  trust(): void {
    this.#follower.trust();
  }

  show(subject: FollowedSubject): void {
    this.#follower.show(subject);
  }

  retry(): void {
    this.#follower.retry();
  }

  cancel(): void {
    this.#progress = undefined;
    this.#follower.cancel();
  }

  /** Shares a budget out. */
  plan(request: RankRequest): RankPlan {
    return this.opened().plan(request);
  }

  /** What a request comes to, as a table. */
  csv(request: RankRequest): string {
    return ranksCsv(this.view, this.plan(request), new Set(Object.keys(request.pinned)));
  }

  /** The keys that a request is written as. */
  changes(request: RankRequest): readonly KeyChange[] {
    return this.opened().changes(request);
  }

  private get status(): PanelStatus {
    const { state } = this.#follower;
    if (state === 'read') return 'done';
    if (state !== 'reading') return state;
    return this.#progress === undefined ? 'opening' : 'working';
  }

  private opened(): RankBoard {
    if (this.#board !== undefined) return this.#board;
    throw new InputError({
      what: 'there is nothing to plan ranks for yet',
      remedy: 'Wait until the modules are read, or open an experiment (*.tune.yaml).',
    });
  }

  private async open(subject: FollowedSubject, signal: AbortSignal): Promise<RankBoard> {
    this.#progress = undefined;
    this.#comparable = this.port.source.comparable(subject);
    return this.port.source.open(
      subject,
      (progress) => {
        if (signal.aborted) return;
        this.#progress = progress;
        this.#timer ??= setTimeout(() => this.post(), VIEW_EVERY);
      },
      signal,
    );
  }

  private post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#follower.visible && !this.disposed) this.port.post(this.view);
  }
}

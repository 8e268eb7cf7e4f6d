import { Owner } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import type { Log } from '../../log';
import type { Inspector } from '../../process/inspector';
import type { Settings } from '../../settings';
import type { Place } from './arrange';
import { groupBySource, sourceKey } from './bySource';
import { WorkspaceRoots, workspacePlaces } from './roots';
import { RunScanner } from '../../../runs/survey/scanner';
import type { BrokenSummary, RunSummary } from '../../../runs/survey/summary';
import { Throttle } from './throttle';

/** How often (ms) a change is told. */
const TELL_EVERY = 250;

/** The runs of all workspace folders, kept up to date. */
export class RunsModel extends Owner {
  readonly #changed = this.register(new Emitter<void>());
  /** Something has changed; at most four times a second. */
  readonly onDidChange = this.#changed.event;
  readonly #awaited = this.register(new Emitter<RunSummary>());
  /** A trainer has been started on a run, which is as it was before that. */
  readonly onDidAwaitTrainer = this.#awaited.event;
  readonly #tell = this.register(new Throttle(TELL_EVERY, () => this.#changed.fire()));
  #scanner: RunScanner | undefined;
  #bySource: ReadonlyMap<string, readonly RunSummary[]> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly log: Log,
    private readonly inspector: { readonly calls: Pick<Inspector['calls'], 'survey'> },
  ) {
    super();
  }

  /** Begins to look for runs. `cache` is the file that keeps what is known between sessions. */
  start(cache: string | undefined): void {
    const scanner = this.register(
      new RunScanner({
        warn: (text) => this.log.warn(`runs: ${text}`),
        survey: (folders) => this.inspector.calls.survey([...folders]),
        cache,
      }),
    );
    this.#scanner = scanner;
    this.register(
      scanner.onDidChange(() => {
        this.#bySource = undefined;
        this.#tell.ask();
      }),
    );
    this.register(
      new WorkspaceRoots(this.settings, this.log, {
        roots: (roots) => scanner.setRoots(roots),
        touched: (folder) => scanner.look(folder),
      }),
    );
    scanner.start();
  }

  /** The newest first. */
  get runs(): readonly RunSummary[] {
    return this.#scanner?.runs ?? [];
  }

  /** How many more runs there are that are being read for the first time. */
  get unread(): number {
    return this.#scanner?.unread ?? 0;
  }

  get broken(): readonly BrokenSummary[] {
    return this.#scanner?.broken ?? [];
  }

  /** The folders that runs are looked for in, absolute. */
  get roots(): readonly string[] {
    return this.#scanner?.roots ?? [];
  }

  /** The folders of the workspace. */
  get places(): readonly Place[] {
    return workspacePlaces();
  }

  get(folder: string): RunSummary | undefined {
    return this.#scanner?.get(folder);
  }

  /** The runs of an experiment file, the newest first. */
  runsOf(experimentFile: string): readonly RunSummary[] {
    this.#bySource ??= groupBySource(this.runs);
    return this.#bySource.get(sourceKey(experimentFile)) ?? [];
  }

  /** Looks at everything now, and answers when that is done. */
  async refresh(): Promise<void> {
    await this.#scanner?.refresh();
  }

  /** Looks which runs there are, and answers when that is done: some have been made, moved or removed. */
  async list(): Promise<void> {
    await this.#scanner?.list(true);
  }

  /** Tells that this window has just started a trainer on a run, and answers when that has been looked at. */
  async awaitTrainer(folder: string): Promise<void> {
    const before = this.get(folder);
    await this.#scanner?.awaitTrainer(folder);
    const run = before ?? this.get(folder);
    if (run !== undefined) this.#awaited.fire(run);
  }

  /** Looks at one run now, and answers when that is done: something has just been done to it. */
  async look(folder: string): Promise<void> {
    await this.#scanner?.look(folder);
  }
}

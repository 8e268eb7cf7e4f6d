import { Owner, disposable } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import type { Listen } from '../../../base/emitter';
import type { CurvesList, CurvesPatch, Look } from '../../../protocol/panels/curves';
import type { RunSummary } from '../../../runs/survey/summary';
import { Breath } from '../../../runs/breath';
import { collectRun } from './collect';
import { csvText } from './csv';
import { buildFrame } from './frame';
import { EMPTY_LIST, listedRuns, type ListedRun } from './list';
import { RunFeed } from './runFeed';

/** The shortest time (ms) between two patches. */
const PATCH_EVERY = 250;
/** Of the time, the share that live updates may take of the extension host. */
const SHARE = 1 / 8;
/** How many patches apart a run that is not at work is looked at: it may be resumed from elsewhere. */
const RESTING = 8;
/** Before a run's folder: that its points were sent, which is kept beside what was said of the run. */
const FRAME = 'frame ';

/** The runs that there are. */
export interface RunSource {
  readonly onDidChange: Listen<void>;
  get(folder: string): RunSummary | undefined;
  /** The runs of an experiment file, the newest first. */
  runsOf(source: string): readonly RunSummary[];
}

export interface SessionPort {
  /** Sends what is new to the page. */
  post(patch: CurvesPatch): void;
  onError(error: Error): void;
}

/**
 * What one panel shows: follows the files of its runs, and tells the page what is new, at most four times a second and
 * only while it is visible. A page asks first; what it is told before that goes nowhere.
 */
export class CurvesSession extends Owner {
  #list: CurvesList;
  #look: Look | undefined;
  #visible = true;
  readonly #feeds = new Map<string, RunFeed>();
  /** What was last sent of each run, so that only what has changed is sent again. A snapshot begins it anew. */
  #sent = new Map<string, string>();
  #sentOrder = '';
  #timer: NodeJS.Timeout | undefined;
  #updating = false;
  #rounds = 0;
  /** When the next patch may go out: reading goes on until then. */
  #due = 0;

  constructor(
    private readonly runs: RunSource,
    private readonly port: SessionPort,
    list: CurvesList = EMPTY_LIST,
  ) {
    super();
    this.#list = list;
    this.register(runs.onDidChange(() => this.wake()));
    this.register(disposable(() => clearTimeout(this.#timer)));
  }

  get list(): CurvesList {
    return this.#list;
  }

  set list(list: CurvesList) {
    this.#list = list;
    this.wake();
  }

  /** A hidden page is not told anything, and asks again when it is shown. */
  set visible(visible: boolean) {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible) this.wake();
    else clearTimeout(this.#timer);
  }

  /** Everything that a look sees. What is not read yet comes by patches. */
  async snapshot(look: Look): Promise<CurvesPatch> {
    this.#look = look;
    const listed = this.listed();
    const breath = new Breath();
    await Promise.all(this.shownFeeds(listed).map(([, feed]) => feed.poll()));
    // Its own: what a look before it takes for sent meanwhile goes nowhere.
    const sent = new Map<string, string>();
    const patch = await this.patchOf(listed, () => true, look, breath, sent);
    if (this.isCurrent(look)) this.#sent = sent;
    this.wake();
    return patch;
  }

  /** Every row of these runs in the look's range. */
  async csv(
    look: Look,
    wanted: readonly { readonly folder: string; readonly name: string }[],
  ): Promise<string> {
    const runs = wanted.flatMap(({ folder, name }) => {
      const feed = this.#feeds.get(folder);
      return feed === undefined ? [] : [{ name, tables: feed.tables }];
    });
    return csvText(runs, look, new Breath());
  }

  /** The runs that are listed now. */
  listed(): ListedRun[] {
    const { source } = this.#list;
    const ofSource = source === undefined ? [] : this.runs.runsOf(source);
    return listedRuns(this.#list, ofSource, (folder) => this.runs.get(folder) !== undefined);
  }

  private wake(): void {
    if (this.disposed || !this.#visible || this.#look === undefined || this.#updating) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.update(), PATCH_EVERY);
  }

  private async update(): Promise<void> {
    const look = this.#look;
    if (look === undefined || this.#updating) return;
    this.#updating = true;
    this.#rounds++;
    try {
      const listed = this.listed();
      const changed = new Set<string>();
      do await this.pollFeeds(listed, changed);
      while (this.isCurrent(look) && this.isReading() && performance.now() < this.#due);
      if (!this.isCurrent(look)) return;
      const begun = performance.now();
      const patch = await this.patchOf(
        listed,
        (folder) => changed.has(folder),
        look,
        new Breath(),
        this.#sent,
      );
      const now = performance.now();
      this.#due = now + Math.max(PATCH_EVERY, (now - begun) / SHARE);
      // A look that came in between has been answered with all there is.
      if (this.isCurrent(look) && this.isNews(patch)) this.port.post(patch);
    } catch (thrown) {
      this.port.onError(toError(thrown));
    } finally {
      this.#updating = false;
      this.schedule();
    }
  }

  /** The next round: at once while something is still being read, else when the next patch may go out. */
  private schedule(): void {
    if (this.disposed || !this.#visible) return;
    clearTimeout(this.#timer);
    const rest = this.isReading() ? 0 : Math.max(PATCH_EVERY, this.#due - performance.now());
    this.#timer = setTimeout(() => void this.update(), rest);
  }

  private isReading(): boolean {
    return [...this.#feeds.values()].some(({ complete }) => !complete);
  }

  private async pollFeeds(listed: readonly ListedRun[], changed: Set<string>): Promise<void> {
    for (const [folder, feed] of this.shownFeeds(listed)) {
      const run = this.describe({ folder, shown: true });
      const due = run.active || !feed.complete || this.#rounds % RESTING === 0;
      if (due && (await feed.poll())) changed.add(folder);
      // Shown since the last round.
      if (!this.#sent.has(`${FRAME}${folder}`)) changed.add(folder);
    }
  }

  /** The feeds of the runs that are shown; those of others are given up. */
  private shownFeeds(listed: readonly ListedRun[]): [string, RunFeed][] {
    const shown = new Set(listed.filter((run) => run.shown).map(({ folder }) => folder));
    for (const folder of this.#feeds.keys()) {
      if (shown.has(folder)) continue;
      this.#feeds.delete(folder);
      this.#sent.delete(`${FRAME}${folder}`);
    }
    return [...shown].map((folder) => {
      let feed = this.#feeds.get(folder);
      if (feed === undefined) this.#feeds.set(folder, (feed = new RunFeed(folder)));
      return [folder, feed];
    });
  }

  private async patchOf(
    listed: readonly ListedRun[],
    isChanged: (folder: string) => boolean,
    look: Look,
    breath: Breath,
    sent: Map<string, string>,
  ): Promise<CurvesPatch> {
    const runs = listed.map((run) => this.describe(run));
    // A page forgets what is not listed any more.
    const order = new Set(listed.map(({ folder }) => folder));
    for (const key of sent.keys()) if (!key.startsWith(FRAME) && !order.has(key)) sent.delete(key);
    const news = runs.filter((run) => {
      const text = JSON.stringify(run);
      if (sent.get(run.folder) === text) return false;
      sent.set(run.folder, text);
      return true;
    });
    const frames = [];
    for (const { folder, shown } of listed) {
      const feed = this.#feeds.get(folder);
      if (!shown || feed === undefined || !isChanged(folder)) continue;
      sent.set(`${FRAME}${folder}`, '');
      frames.push(await buildFrame(folder, feed.tables, feed.record?.facts?.phases, look, breath));
    }
    return { list: this.#list, order: [...order], runs: news, look: look.id, frames };
  }

  private describe({ folder, shown }: ListedRun): ReturnType<typeof collectRun> {
    const feed = this.#feeds.get(folder);
    return collectRun(folder, shown, this.runs.get(folder), feed?.record, feed?.state);
  }

  private isCurrent(look: Look): boolean {
    return !this.disposed && this.#visible && this.#look === look;
  }

  private isNews({ list, order, runs, frames }: CurvesPatch): boolean {
    const said = JSON.stringify([list, order]);
    const same = said === this.#sentOrder;
    this.#sentOrder = said;
    return !same || runs.length > 0 || frames.length > 0;
  }
}

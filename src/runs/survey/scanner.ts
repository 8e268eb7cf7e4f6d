import * as os from 'node:os';
import * as path from 'node:path';
import { disposable, Owner } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { toError } from '../../base/errors';
import { Liveness } from '../liveness';
import { RunsCache } from './cache';
import type { EntryContext, RunEntry } from './entry';
import { Listing, type ListingChange } from './listing';
import { RunsDecoder } from './packed';
import { inParallel } from './pool';
import { poll } from './poll';
import type { BrokenSummary, RunSummary } from './summary';

/** How often (ms) things are looked at. Watchers lose events, so that what is seen must not hang on them. */
export interface Intervals {
  /** The files of runs at work. */
  readonly live: number;
  /** Which run folders there are. */
  readonly roots: number;
  /** The newest runs that have ended: a star may come from another window, a resumption from a terminal. */
  readonly recent: number;
  /** All others. */
  readonly rest: number;
}

const INTERVALS: Intervals = { live: 500, roots: 1000, recent: 5000, rest: 60_000 };

/** How many runs count as recent. */
const RECENT = 100;
/** How many runs are read at the same time: the system has four threads for it. */
const WIDTH = 8;
/** From how many new runs on another process reads them, if there is one, and how many it is given first. */
const MANY = 500;
/** How many runs it is given at once after that. */
const MORE = 2000;
/** How often (ms) what it has read is shown: all that is shown is made anew each time. */
const SHOW_EVERY = 3000;
/** See `ScannerOptions.saveAfter`. */
const SAVE_AFTER = 5000;

export interface ScannerOptions {
  readonly warn: (text: string) => void;
  /** Where summaries are kept between sessions; undefined: nowhere. */
  readonly cache?: string | undefined;
  /**
   * Reads runs in another process: what reading ten thousand of them leaves behind stays there. Answers `encodeRuns`
   * of them, but for runs at work and broken ones.
   */
  readonly survey?: ((folders: readonly string[]) => Promise<readonly string[]>) | undefined;
  readonly intervals?: Intervals;
  /** How long (ms) after a change the cache is written. */
  readonly saveAfter?: number;
  readonly liveness?: Liveness;
  readonly hostname?: string;
  readonly clock?: () => number;
}

/**
 * Finds the runs below some folders and keeps their summaries up to date by looking again and again, the busier the
 * oftener. Everything is asynchronous and in small pieces. The newest runs are known from the names of their folders at
 * once; the rest fills in, the newest first.
 */
export class RunScanner extends Owner {
  readonly #changed = this.register(new Emitter<void>());
  /** Something has changed; not throttled. */
  readonly onDidChange = this.#changed.event;
  readonly #context: EntryContext;
  readonly #intervals: Intervals;
  readonly #cache: RunsCache | undefined;
  #listings: readonly Listing[] = [];
  #newest: readonly RunEntry[] | undefined;
  #runs: readonly RunSummary[] | undefined;
  #unread: number | undefined;
  #broken: readonly BrokenSummary[] | undefined;
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  #saving: NodeJS.Timeout | undefined;
  #unsaved = false;

  constructor(private readonly options: ScannerOptions) {
    super();
    const { warn, liveness = new Liveness(), hostname = os.hostname() } = options;
    this.#context = { warn, liveness, hostname, clock: options.clock ?? (() => performance.now()) };
    this.#intervals = options.intervals ?? INTERVALS;
    this.#cache = options.cache === undefined ? undefined : new RunsCache(options.cache);
    this.register(disposable(() => clearTimeout(this.#saving)));
  }

  /** Begins to look. */
  start(): void {
    const { live, roots, recent, rest } = this.#intervals;
    const every = (interval: number, task: () => Promise<void>): void => {
      this.register(poll(interval, task, (error) => this.options.warn(error.message)));
    };
    every(roots, () => this.list(false));
    every(live, () => this.lookAt(this.newest.filter((entry) => entry.live)));
    // While many are being read, the newest have been read just now.
    every(recent, async () => {
      if (!this.filling) await this.lookAt(this.newest.slice(0, RECENT).filter(isIdle));
    });
    every(rest, () => this.lookAt(this.newest.slice(RECENT).filter(isIdle)));
  }

  get roots(): readonly string[] {
    return this.#listings.map(({ root }) => root);
  }

  /** Sets the folders that runs are looked for in, and looks. */
  async setRoots(roots: readonly string[]): Promise<void> {
    const before = new Map(this.#listings.map((listing) => [listing.root, listing]));
    this.#listings = [...new Set(roots)].map((root) => {
      const known = before.get(root);
      before.delete(root);
      return known ?? new Listing(root, this.#context);
    });
    for (const left of before.values()) left.clear();
    if (before.size > 0) this.changed(true);
    await this.list(false);
  }

  /** The newest first. */
  get runs(): readonly RunSummary[] {
    return (this.#runs ??= this.collect((entry) =>
      entry.hidden || entry.broken !== undefined ? undefined : entry.summary,
    ));
  }

  /** How many runs there are that are not among `runs` yet. */
  get unread(): number {
    return (this.#unread ??= this.newest.reduce((count, { hidden }) => count + (hidden ? 1 : 0), 0));
  }

  get broken(): readonly BrokenSummary[] {
    return (this.#broken ??= this.collect(({ broken }) => broken));
  }

  /** What is to be said of the runs of which anything is, in one go: there are many, and they are asked for often. */
  private collect<T>(say: (entry: RunEntry) => T | undefined): T[] {
    const said: T[] = [];
    this.newest.forEach((entry) => {
      const one = say(entry);
      if (one !== undefined) said.push(one);
    });
    return said;
  }

  get(folder: string): RunSummary | undefined {
    const entry = this.entryAt(folder);
    return entry?.broken === undefined ? entry?.summary : undefined;
  }

  /** True while runs that are new are being read. */
  get filling(): boolean {
    return this.#filling !== undefined;
  }

  /** Looks at everything, and answers when that is done. */
  async refresh(): Promise<void> {
    await this.list(true);
    await this.#filling;
    await this.lookAt(this.newest);
  }

  /** Looks at one run, which may be new. */
  async look(folder: string): Promise<void> {
    if (this.entryAt(folder) === undefined) await this.list(true);
    const entry = this.entryAt(folder);
    if (entry !== undefined) await this.lookAt([entry]);
  }

  /** A trainer has been started on a run, which may be new: it is looked at often until its first words are there. */
  async awaitTrainer(folder: string): Promise<void> {
    await this.look(folder);
    this.entryAt(folder)?.awaitTrainer();
  }

  private get newest(): readonly RunEntry[] {
    return (this.#newest ??= new Array<RunEntry>()
      .concat(...this.#listings.map(({ entries }) => [...entries]))
      .sort((a, b) => b.created - a.created || (path.basename(a.folder) < path.basename(b.folder) ? 1 : -1)));
  }

  private entryAt(folder: string): RunEntry | undefined {
    for (const listing of this.#listings) {
      const entry = listing.at(folder);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Looks which runs there are: at roots that have changed, or at all of them. */
  async list(anyway: boolean): Promise<void> {
    const changes = await Promise.all(
      this.#listings.map(async (listing) => {
        try {
          return await listing.look(anyway);
        } catch (thrown) {
          this.options.warn(`${listing.root}: ${toError(thrown).message}`);
          return undefined;
        }
      }),
    );
    await this.take(changes.filter((change) => change !== undefined));
  }

  /** Shows what has changed, and reads what is new. */
  private async take(changes: readonly ListingChange[]): Promise<void> {
    const added = changes.flatMap((change) => change.added);
    if (added.length === 0 && !changes.some(({ gone }) => gone)) return;
    if (changes.some(({ first }) => first) && added.length > 0) await this.adoptCached();
    this.#newest = undefined;
    // The newest are shown at once, by their names. What is shown already stays.
    const unknown = this.toSurvey();
    if (unknown.length > MANY) {
      for (const entry of added) entry.hidden = !entry.known;
      for (const entry of unknown.slice(0, MANY)) entry.hidden = false;
    }
    this.changed(true);
    if (added.length > 0) this.fill();
  }

  /** Reads the runs that are new, the newest first. */
  private fill(): void {
    this.#fillAgain = true;
    this.#filling ??= this.fillAll().finally(() => {
      this.#filling = undefined;
    });
  }

  private async fillAll(): Promise<void> {
    while (this.#fillAgain && !this.disposed) {
      this.#fillAgain = false;
      await this.surveyNew();
      await this.lookAt(this.newest.filter(({ looked }) => !looked));
    }
  }

  /** Takes over what an earlier session knew. */
  private async adoptCached(): Promise<void> {
    await this.cached((cache) => cache.read(this.decoder(false)));
  }

  /** The new runs that are so many that another process is to read them; none where there is no such process. */
  private toSurvey(): readonly RunEntry[] {
    if (this.options.survey === undefined) return [];
    const entries = this.newest.filter(({ known }) => !known);
    return entries.length < MANY ? [] : entries;
  }

  /** Has many new runs read elsewhere; what is left, or all where that fails, is read here. */
  private async surveyNew(): Promise<void> {
    const { survey, warn } = this.options;
    const entries = this.toSurvey();
    if (survey === undefined || entries.length === 0) return;
    const decoder = this.decoder(true);
    let shown = 0;
    let shownAt = -Infinity;
    const show = (to: number): void => {
      while (shown < to) {
        const entry = entries[shown++];
        if (entry !== undefined) entry.hidden = false;
      }
      shownAt = this.#context.clock();
    };
    try {
      for (let from = 0, to = MANY; from < entries.length && !this.disposed; from = to, to += MORE) {
        const lines = await survey(entries.slice(from, to).map(folderOf));
        for (const line of lines) decoder.decode(line);
        if (this.#context.clock() - shownAt >= SHOW_EVERY) {
          show(to);
          this.changed(false);
        }
        await this.cached((cache) => cache.append(lines));
      }
    } catch (thrown) {
      if (!this.disposed) warn(toError(thrown).message);
    }
    show(entries.length);
    this.changed(true);
  }

  /** Reads what is known of the runs that there are, since an earlier session or (`now`) since just now. */
  private decoder(now: boolean): RunsDecoder<RunEntry> {
    const roots = new Map(this.#listings.map((listing) => [listing.folder, listing]));
    return new RunsDecoder(
      (root, id) => roots.get(root)?.get(id),
      (run, entry) => entry.adopt(run, now),
    );
  }

  private async lookAt(entries: readonly RunEntry[]): Promise<void> {
    await inParallel(entries, WIDTH, async (entry) => {
      if (this.disposed || entry.gone) return;
      const { created } = entry;
      if (!(await entry.look())) return;
      this.changed(created !== entry.created);
      // A run at work is not kept: its figures change all the time.
      if (!entry.live) this.saveLater();
    });
  }

  private changed(order: boolean): void {
    if (order) this.#newest = undefined;
    this.#runs = undefined;
    this.#unread = undefined;
    this.#broken = undefined;
    this.#changed.fire();
  }

  /** Keeps what is known for the next session: soon, but never twice at a time. */
  private saveLater(): void {
    const { saveAfter = SAVE_AFTER } = this.options;
    if (this.#cache === undefined || this.disposed) return;
    this.#unsaved = true;
    if (this.#saving !== undefined) return;
    this.#saving = setTimeout(() => {
      void this.save().then(() => {
        this.#saving = undefined;
        if (this.#unsaved) this.saveLater();
      });
    }, saveAfter);
  }

  private async save(): Promise<void> {
    // Ten thousand runs that are being read would be written again and again.
    await this.#filling;
    this.#unsaved = false;
    const known = this.newest.map(({ cached }) => cached).filter((run) => run !== undefined);
    await this.cached((cache) => cache.write(known));
  }

  /** Does something with the cache, if there is one. Nothing hangs on it: where that fails, it is told. */
  private async cached(use: (cache: RunsCache) => Promise<void>): Promise<void> {
    const cache = this.#cache;
    if (cache === undefined) return;
    try {
      await use(cache);
    } catch (thrown) {
      this.options.warn(`${cache.file}: ${toError(thrown).message}`);
    }
  }
}

function folderOf({ folder }: RunEntry): string {
  return folder;
}

function isIdle({ live, looked }: RunEntry): boolean {
  return looked && !live;
}

import * as os from 'node:os';
import * as path from 'node:path';
import { disposable, Owner } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { toError } from '../../base/errors';
import { Breath } from '../breath';
import { Liveness } from '../liveness';
import { type CachedRun, cachedRunDecoder, readCache, writeCache } from './cache';
import { type EntryContext, RunEntry } from './entry';
import { Listing } from './listing';
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
const RECENT = 200;
/** How many runs are read at the same time: the system has four threads for it. */
const WIDTH = 8;
/** From how many new runs on another process reads them, if there is one, and how many it is given first. */
const MANY = 500;
/** How many runs it is given at once after that: all that is shown is made anew each time. */
const MORE = 2000;
/** See `ScannerOptions.saveAfter`. */
const SAVE_AFTER = 5000;

export interface ScannerOptions {
  readonly warn: (text: string) => void;
  /** Where summaries are kept between sessions; undefined: nowhere. */
  readonly cache?: string | undefined;
  /**
   * Reads runs in another process: what reading ten thousand of them leaves behind stays there. Answers a line of
   * `encodeCachedRun` for each folder but those of runs at work and broken ones.
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
  readonly #entries = new Map<string, RunEntry>();
  readonly #context: EntryContext;
  readonly #intervals: Intervals;
  #listings: readonly Listing[] = [];
  #newest: readonly RunEntry[] | undefined;
  /** New runs that another process is reading: they are not shown by their names alone before that. */
  readonly #unread = new Set<RunEntry>();
  #runs: readonly RunSummary[] | undefined;
  #broken: readonly BrokenSummary[] | undefined;
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  #adopted = false;
  #saving: NodeJS.Timeout | undefined;
  #unsaved = false;

  constructor(private readonly options: ScannerOptions) {
    super();
    const { warn, liveness = new Liveness(), hostname = os.hostname() } = options;
    this.#context = { warn, liveness, hostname, clock: options.clock ?? (() => performance.now()) };
    this.#intervals = options.intervals ?? INTERVALS;
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
    every(recent, () => this.lookAt(this.newest.slice(0, RECENT).filter(isIdle)));
    every(rest, () => this.lookAt(this.newest.slice(RECENT).filter(isIdle)));
  }

  get roots(): readonly string[] {
    return this.#listings.map(({ root }) => root);
  }

  /** Sets the folders that runs are looked for in, and looks. */
  async setRoots(roots: readonly string[]): Promise<void> {
    const before = new Map(this.#listings.map((listing) => [listing.root, listing]));
    this.#listings = [...new Set(roots)].map((root) => before.get(root) ?? new Listing(root));
    await this.list(true);
  }

  /** The newest first. */
  get runs(): readonly RunSummary[] {
    return (this.#runs ??= this.newest
      .filter((entry) => entry.broken === undefined && !this.#unread.has(entry))
      .map(summaryOf));
  }

  /** How many runs there are that are not among `runs` yet. */
  get unread(): number {
    return this.#unread.size;
  }

  get broken(): readonly BrokenSummary[] {
    return (this.#broken ??= this.newest.map(({ broken }) => broken).filter((one) => one !== undefined));
  }

  get(folder: string): RunSummary | undefined {
    const entry = this.#entries.get(folder);
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
    if (!this.#entries.has(folder)) await this.list(true);
    const entry = this.#entries.get(folder);
    if (entry !== undefined) await this.lookAt([entry]);
  }

  /** A trainer has been started on a run, which may be new: it is looked at often until its first words are there. */
  async awaitTrainer(folder: string): Promise<void> {
    await this.look(folder);
    this.#entries.get(folder)?.awaitTrainer();
  }

  private get newest(): readonly RunEntry[] {
    return (this.#newest ??= [...this.#entries.values()].sort(
      (a, b) => b.created - a.created || (path.basename(a.folder) < path.basename(b.folder) ? 1 : -1),
    ));
  }

  /** Looks which runs there are: at roots that have changed, or at all of them. */
  async list(anyway: boolean): Promise<void> {
    const listings = this.#listings;
    const read = await Promise.all(
      listings.map(async (listing) => {
        try {
          return await listing.look(anyway);
        } catch (thrown) {
          this.options.warn(`${listing.root}: ${toError(thrown).message}`);
          return false;
        }
      }),
    );
    if (listings !== this.#listings || !(anyway || read.includes(true))) return;
    await this.take(listings);
  }

  /** Takes over which folders there are now. */
  private async take(listings: readonly Listing[]): Promise<void> {
    const breath = new Breath();
    const gone = new Set(this.#entries.keys());
    const added = new Set<RunEntry>();
    for (const listing of listings) {
      for (const folder of listing.folders()) {
        if (gone.delete(folder) || this.#entries.has(folder)) continue;
        const entry = new RunEntry(folder, this.#context);
        this.#entries.set(folder, entry);
        added.add(entry);
        await breath.take();
      }
    }
    for (const folder of gone) {
      const entry = this.#entries.get(folder);
      this.#entries.delete(folder);
      if (entry !== undefined) this.#unread.delete(entry);
    }
    if (added.size === 0 && gone.size === 0) return;
    if (added.size > 0) await this.adoptCached();
    this.#newest = undefined;
    // The newest are shown at once, by their names. What is shown already stays.
    for (const entry of this.toSurvey().slice(MANY)) if (added.has(entry)) this.#unread.add(entry);
    this.changed(true);
    if (added.size > 0) this.fill();
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
    const { cache } = this.options;
    if (cache === undefined || this.#adopted) return;
    this.#adopted = true;
    try {
      await readCache(cache, (run) => this.#entries.get(run.summary.folder)?.adopt(run));
    } catch (thrown) {
      this.options.warn(`${cache}: ${toError(thrown).message}`);
    }
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
    if (survey === undefined) return;
    const entries = this.toSurvey();
    const decode = cachedRunDecoder();
    try {
      for (let from = 0, to = MANY; from < entries.length && !this.disposed; from = to, to += MORE) {
        const some = entries.slice(from, to);
        for (const line of await survey(some.map(folderOf))) {
          const run = decode(line);
          if (run !== undefined) this.#entries.get(run.summary.folder)?.adopt(run, true);
        }
        for (const entry of some) this.#unread.delete(entry);
        this.changed(true);
        this.saveLater();
      }
    } catch (thrown) {
      if (!this.disposed) warn(toError(thrown).message);
    }
    if (this.#unread.size === 0) return;
    this.#unread.clear();
    this.changed(true);
  }

  private async lookAt(entries: readonly RunEntry[]): Promise<void> {
    await inParallel(entries, WIDTH, async (entry) => {
      if (this.disposed || this.#entries.get(entry.folder) !== entry) return;
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
    this.#broken = undefined;
    this.#changed.fire();
  }

  /** Keeps what is known for the next session: soon, but never twice at a time. */
  private saveLater(): void {
    const { cache, saveAfter = SAVE_AFTER } = this.options;
    if (cache === undefined || this.disposed) return;
    this.#unsaved = true;
    if (this.#saving !== undefined) return;
    this.#saving = setTimeout(() => {
      void this.save(cache).then(() => {
        this.#saving = undefined;
        if (this.#unsaved) this.saveLater();
      });
    }, saveAfter);
  }

  private async save(file: string): Promise<void> {
    // Ten thousand runs that are being read would be written again and again.
    await this.#filling;
    this.#unsaved = false;
    try {
      await writeCache(file, cachedOf(this.newest));
    } catch (thrown) {
      this.options.warn(`${file}: ${toError(thrown).message}`);
    }
  }
}

function* cachedOf(entries: readonly RunEntry[]): Iterable<CachedRun> {
  for (const { cached } of entries) if (cached !== undefined) yield cached;
}

function summaryOf({ summary }: RunEntry): RunSummary {
  return summary;
}

function folderOf({ folder }: RunEntry): string {
  return folder;
}

function isIdle({ live, looked }: RunEntry): boolean {
  return looked && !live;
}

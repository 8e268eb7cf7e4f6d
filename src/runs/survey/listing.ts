import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Breath } from '../breath';
import { errorCode } from '../files';
import { isRunId, runPaths } from '../folder';
import { type EntryContext, RunEntry } from './entry';
import { stampOf } from './runFiles';

/** How long (ms) after a change another may have happened within the same tick of a coarse clock. */
const SETTLED = 3000;

/** How many runs are taken over in one go: a fraction of a millisecond's work. */
const PIECE = 256;

/** What reading a root again has brought. */
export interface ListingChange {
  readonly added: readonly RunEntry[];
  readonly gone: boolean;
  /** True for the first time that the root was read. */
  readonly first: boolean;
}

const NO_CHANGE: ListingChange = { added: [], gone: false, first: false };

/** The runs below one root, whose folder is read again only when it has changed. */
export class Listing {
  /** What the paths of its runs begin with. */
  readonly #prefix: string;
  readonly #entries = new Map<string, RunEntry>();
  #stamp: string | undefined;
  #read = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly root: string,
    private readonly context: EntryContext,
  ) {
    this.#prefix = path.join(root, path.sep);
  }

  get entries(): Iterable<RunEntry> {
    return this.#entries.values();
  }

  /** The run of that id; undefined where there is none. */
  get(id: string): RunEntry | undefined {
    return this.#entries.get(id);
  }

  /** The run in a folder; undefined where that is none of this root's. */
  at(folder: string): RunEntry | undefined {
    return folder.startsWith(this.#prefix) ? this.get(folder.slice(this.#prefix.length)) : undefined;
  }

  /** The folder that its runs lie in, as `path.dirname` says it of them. */
  get folder(): string {
    return path.dirname(path.join(this.#prefix, 'run'));
  }

  /** Reads the root if it has changed, one time after the other; `anyway`: in any case. */
  look(anyway: boolean): Promise<ListingChange> {
    const next = this.#last.then(() => this.lookNow(anyway));
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Forgets its runs: nobody looks here any more. */
  clear(): void {
    for (const entry of this.entries) entry.gone = true;
    this.#entries.clear();
  }

  private async lookNow(anyway: boolean): Promise<ListingChange> {
    const stamp = await stampOf(this.root);
    if (!anyway && stamp === this.#stamp) return NO_CHANGE;
    const names = stamp === '' ? [] : await runNames(this.root);
    const changed = Number(stamp.split(' ')[2] ?? 0);
    this.#stamp = Math.abs(Date.now() - changed) < SETTLED ? undefined : stamp;
    return this.take(names);
  }

  /** Takes over which runs there are now. */
  private async take(names: readonly string[]): Promise<ListingChange> {
    const breath = new Breath();
    const before = this.#entries.size;
    const added: RunEntry[] = [];
    for (let from = 0; from < names.length; from += PIECE) {
      names.slice(from, from + PIECE).forEach((name) => {
        if (this.#entries.has(name)) return;
        // Joined, the path is one piece in memory.
        const entry = new RunEntry([this.#prefix, name].join(''), this.context, name);
        this.#entries.set(name, entry);
        added.push(entry);
      });
      await breath.take();
    }
    const first = !this.#read;
    this.#read = true;
    const gone = names.length - added.length < before;
    if (gone) this.drop(new Set(names));
    return { added, gone, first };
  }

  private drop(left: ReadonlySet<string>): void {
    for (const [name, entry] of this.#entries) {
      if (left.has(name)) continue;
      entry.gone = true;
      this.#entries.delete(name);
    }
  }
}

/** The names of folders that are named as runs, and of others that hold a `run.json`. */
async function runNames(root: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(root)) {
    const { name } = entry;
    if (!entry.isDirectory() || name.startsWith('.')) continue;
    if (isRunId(name) || (await stampOf(runPaths(path.join(root, name)).record)) !== '') names.push(name);
  }
  return names;
}

async function entriesOf(root: string): Promise<Dirent[]> {
  try {
    return await fs.readdir(root, { withFileTypes: true });
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw thrown;
  }
}

import * as fs from 'node:fs/promises';
import { join } from 'node:path';

/** What stands in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export type FileKind = 'file' | 'folder' | 'none';

/** How long (ms) an answer holds: one look at the disk serves all that a keystroke asks. */
const HOLDS = 2000;
/** Folders of more entries than this are no place that one names by completion. */
const MOST_ENTRIES = 2000;
const MOST_KEPT = 500;

interface Kept {
  readonly until: number;
  readonly answer: Promise<unknown>;
}

/** Looks at the disk without keeping anyone waiting, and not twice within moments. */
export class Files {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly now: () => number = Date.now) {}

  /** What a path names. */
  kind(path: string): Promise<FileKind> {
    return this.once(`kind ${path}`, async () => {
      const stat = await fs.stat(path).catch(() => undefined);
      if (stat === undefined) return 'none';
      return stat.isDirectory() ? 'folder' : 'file';
    });
  }

  /** What stands in a folder, in order; nothing where it is none. */
  list(folder: string): Promise<readonly FolderEntry[]> {
    return this.once(`list ${folder}`, async () => {
      const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
      const sorted = entries
        .slice(0, MOST_ENTRIES)
        .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
      return Promise.all(
        sorted.map(async (entry) => ({
          name: entry.name,
          // A link is what it leads to.
          isFolder: entry.isSymbolicLink()
            ? (await this.kind(join(folder, entry.name))) === 'folder'
            : entry.isDirectory(),
        })),
      );
    });
  }

  /** A file's or folder's time of change, to know a kept answer about it by; '' where it is not there. */
  stamp(path: string): Promise<string> {
    return this.once(`stamp ${path}`, async () => {
      const stat = await fs.stat(path).catch(() => undefined);
      if (stat === undefined) return '';
      // A model's folder keeps its time when a file in it is written anew.
      const inner = stat.isDirectory()
        ? await fs.stat(join(path, 'config.json')).catch(() => undefined)
        : undefined;
      return `${stat.mtimeMs}/${stat.size}/${inner?.mtimeMs ?? ''}`;
    });
  }

  private once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const now = this.now();
    const known = this.#kept.get(key);
    // What is kept under a key is what its `look` gave.
    if (known !== undefined && known.until > now) return known.answer as Promise<T>;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const answer = look();
    this.#kept.set(key, { until: now + HOLDS, answer });
    return answer;
  }
}

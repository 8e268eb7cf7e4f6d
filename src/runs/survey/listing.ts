import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { errorCode } from '../files';
import { isRunId, runPaths } from '../folder';
import { stampOf } from './runFiles';

/** How long (ms) after a change another may have happened within the same tick of a coarse clock. */
const SETTLED = 3000;

/** The run folders below one root, read again only when the root has changed. */
export class Listing {
  #stamp: string | undefined;
  #names: readonly string[] = [];

  readonly #prefix: string;

  constructor(readonly root: string) {
    this.#prefix = path.join(root, path.sep);
  }

  /** The folders as they were read last. */
  *folders(): Iterable<string> {
    // For ten thousand, `path.join` leaves much behind; and joined, each is one piece in memory.
    for (const name of this.#names) yield [this.#prefix, name].join('');
  }

  /** Looks whether the root has changed, and reads it if so; `anyway`: in any case. True where it was read. */
  async look(anyway = false): Promise<boolean> {
    const stamp = await stampOf(this.root);
    if (!anyway && stamp === this.#stamp) return false;
    this.#names = stamp === '' ? [] : await runNames(this.root);
    const changed = Number(stamp.split(' ')[2] ?? 0);
    this.#stamp = Math.abs(Date.now() - changed) < SETTLED ? undefined : stamp;
    return true;
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

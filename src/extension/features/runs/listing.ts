import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { errorCode } from '../../../runs/files';
import { isRunId, runPaths } from '../../../runs/folder';
import { stampOf } from './runFiles';

/** How long (ms) after a change another may have happened within the same tick of a coarse clock. */
const SETTLED = 3000;

/** The run folders below one root, read again only when the root has changed. */
export class Listing {
  #stamp: string | undefined;
  #folders: readonly string[] = [];

  constructor(readonly root: string) {}

  /** The folders as they were read last. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  /** Looks whether the root has changed, and reads it if so; `anyway`: in any case. True where it was read. */
  async look(anyway = false): Promise<boolean> {
    const stamp = await stampOf(this.root);
    if (!anyway && stamp === this.#stamp) return false;
    this.#folders = stamp === '' ? [] : await runFolders(this.root);
    const changed = Number(stamp.split(' ')[2] ?? 0);
    this.#stamp = Math.abs(Date.now() - changed) < SETTLED ? undefined : stamp;
    return true;
  }
}

/** Folders named as runs are, and others that hold a `run.json`. */
async function runFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const entry of await entriesOf(root)) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const folder = path.join(root, entry.name);
    if (isRunId(entry.name) || (await stampOf(runPaths(folder).record)) !== '') folders.push(folder);
  }
  return folders;
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

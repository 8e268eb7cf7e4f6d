import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { RunError, toError } from '../base/errors';
import { cacheFolder } from './cache';
import { errorCode } from './files';

/** The sorts of entries there are, by folder (a form's version may follow), with their names for people. */
const LABELS: readonly (readonly [RegExp, string])[] = [
  [/^weights$/u, 'Converted weights'],
  [/^svd-\d+$/u, 'Decompositions'],
  [/^spectra-\d+$/u, 'Spectra'],
  [/^tokens$/u, 'Tokens'],
  [/^hashes$/u, 'Hashes of weights'],
];

/** One cache and what it takes. */
export interface CacheContents {
  /** The folder in the cache folder. */
  readonly kind: string;
  readonly label: string;
  readonly entries: number;
  readonly bytes: number;
}

/** What each cache holds. Folders that are not ours, in a cache folder that someone named, are left alone. */
export async function listCaches(cache = cacheFolder()): Promise<readonly CacheContents[]> {
  const found = await namesIn(cache);
  const caches: CacheContents[] = [];
  for (const [pattern, label] of LABELS) {
    for (const kind of found.filter((name) => pattern.test(name))) {
      const names = await namesIn(path.join(cache, kind));
      let bytes = 0;
      for (const name of names) bytes += await bytesOf(path.join(cache, kind, name));
      caches.push({ kind, label, entries: names.length, bytes });
    }
  }
  return caches;
}

/**
 * Empties one cache, and returns how many bytes that gave back. Throws `RunError` where an entry cannot be removed; a
 * cache that is not there, or not ours, has nothing to give.
 */
export async function clearCache(kind: string, cache = cacheFolder()): Promise<number> {
  if (!LABELS.some(([pattern]) => pattern.test(kind))) return 0;
  let freed = 0;
  for (const name of await namesIn(path.join(cache, kind))) {
    const entry = path.join(cache, kind, name);
    const bytes = await bytesOf(entry);
    try {
      await fs.rm(entry, { recursive: true, force: true });
    } catch (thrown) {
      throw new RunError(
        {
          what: `a cached file cannot be removed: ${toError(thrown).message}`,
          file: entry,
          remedy: 'End the runs that use it, and try again.',
        },
        { cause: thrown },
      );
    }
    freed += bytes;
  }
  return freed;
}

/** Other processes add and remove entries meanwhile: what is gone counts nothing. */
async function bytesOf(entry: string): Promise<number> {
  const stat = await unlessGone(fs.lstat(entry));
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  let bytes = 0;
  for (const name of await namesIn(entry)) bytes += await bytesOf(path.join(entry, name));
  return bytes;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await unlessGone(fs.readdir(folder))) ?? [];
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

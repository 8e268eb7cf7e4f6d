import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { InputError, toError } from '../base/errors';
import { errorCode, syncFolder, temporaryName } from './files';

/** Half-made entries of processes that died are removed once they are older than this. */
const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * The folder for all that can be made again: `EIGENLOOM_CACHE`, or the platform's usual place. Not created here.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const chosen = env['EIGENLOOM_CACHE'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const home = os.homedir();
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'eigenloom', 'cache');
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'eigenloom');
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG rules say that a relative path is to be ignored.
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache');
  return path.join(base, 'eigenloom');
}

/**
 * The path of a cache entry (a file or a folder, as `fill` makes it), which is filled first where it is not there.
 *
 * `fill` writes to the path it is given, on the same disk; only when it has succeeded, and all is flushed, does
 * the entry get its name. So an entry is complete or absent, whoever is killed when, and two processes that fill
 * the same one at once do no harm: the first to finish wins. Any entry may be deleted at any time.
 *
 * @param kind a folder name for entries of one sort, e.g. `weights`; give it a new name when their form changes
 * @param key everything the content depends on, in any form (it is hashed)
 * @param cache the cache folder
 * @throws InputError where the cache folder cannot be written; what `fill` throws
 */
export async function cached(
  kind: string,
  key: string,
  fill: (target: string) => Promise<void>,
  cache = cacheFolder(),
): Promise<string> {
  const folder = path.join(cache, kind);
  const entry = entryPath(cache, kind, key);
  if (await exists(entry)) return entry;
  const temporary = temporaryName(entry);
  try {
    await fs.mkdir(folder, { recursive: true });
    await removeStale(folder);
    await fill(temporary);
    await flush(temporary);
    await settle(temporary, entry);
    await syncFolder(folder);
  } catch (thrown) {
    throw cacheError(thrown, folder);
  } finally {
    // What cannot be removed now is removed as stale later; the error that is on its way says more.
    await fs.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
  return entry;
}

/** The path of a cache entry if it is there; see `cached`. */
export async function cachedEntry(
  kind: string,
  key: string,
  cache = cacheFolder(),
): Promise<string | undefined> {
  const entry = entryPath(cache, kind, key);
  return (await exists(entry)) ? entry : undefined;
}

function entryPath(cache: string, kind: string, key: string): string {
  return path.join(cache, kind, createHash('sha256').update(key).digest('hex').slice(0, 40));
}

/** Gives the finished entry its name; where another process was faster (or, on Windows, reads it), its entry stays. */
async function settle(temporary: string, entry: string): Promise<void> {
  try {
    await fs.rename(temporary, entry);
  } catch (thrown) {
    if (!(await exists(entry))) throw thrown;
  }
}

/** Flushes a file, or every file below a folder, so that a power cut cannot leave a named entry without its bytes. */
async function flush(target: string): Promise<void> {
  if ((await fs.stat(target)).isDirectory()) {
    for (const name of await fs.readdir(target)) await flush(path.join(target, name));
    return;
  }
  const handle = await fs.open(target, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    if (!name.startsWith('.') || !name.endsWith('.tmp')) continue;
    const file = path.join(folder, name);
    const stat = await fs.stat(file).catch(() => undefined);
    if (stat !== undefined && Date.now() - stat.mtimeMs > STALE_MS) {
      await fs.rm(file, { recursive: true, force: true });
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on the disk of the cache folder',
  EDQUOT: 'there is no quota left on the disk of the cache folder',
  EACCES: 'the cache folder cannot be written',
  EPERM: 'the cache folder cannot be written',
  EROFS: 'the cache folder lies on a read-only disk',
  ENOTDIR: 'a part of the cache folder is a file, not a folder',
  EEXIST: 'a part of the cache folder is a file, not a folder',
};

function cacheError(thrown: unknown, folder: string): unknown {
  const what = REASONS[errorCode(thrown) ?? ''];
  if (what === undefined) return thrown;
  return new InputError(
    {
      what,
      file: folder,
      got: toError(thrown).message,
      remedy: 'Free some space, or set EIGENLOOM_CACHE to another folder.',
    },
    { cause: thrown },
  );
}

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RunError, toError } from '../base/errors';

/** Names that end so are half-written: no reader looks at them, and the next writer removes them. */
const TEMPORARY = '.tmp';

/** A name beside a path for what is half-written yet. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}${TEMPORARY}`);
}

/** The system's code of a failure, such as `ENOSPC`; undefined where it has none. */
export function errorCode(thrown: unknown): string | undefined {
  const error = toError(thrown);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The code in the facts of a failed write: what was at work can go on once the place can be written again. */
export const UNWRITABLE = 'unwritable';

/** Turns a failed write into what a person can act on; `path` is what could not be written. */
export function writeFailure(thrown: unknown, path: string): RunError {
  return new RunError({ file: path, code: UNWRITABLE, ...writeFacts(thrown) }, { cause: thrown });
}

function writeFacts(thrown: unknown): { what: string; remedy: string } {
  const code = errorCode(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return {
      what: 'the disk is full',
      remedy: 'Free some space, then resume the run: its last checkpoint is whole.',
    };
  }
  return {
    what: `this cannot be written: ${reasonOf(thrown)}`,
    remedy:
      code === 'EROFS'
        ? 'Make it writable again, then resume the run: its last checkpoint is whole.'
        : 'Look at the permissions of the folder, then resume the run.',
  };
}

/** Why the system refused to write; its own words where there are no better ones. */
export function reasonOf(thrown: unknown): string {
  const code = errorCode(thrown);
  if (code === 'EROFS') return 'the disk is read-only';
  return code === 'EACCES' || code === 'EPERM' ? 'permission is denied' : toError(thrown).message;
}

/**
 * Replaces a file's content so that a reader sees the old content or the new, and a power cut leaves one of them:
 * a file beside it is written, flushed and renamed. Throws `RunError`; the old content then stays.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = temporaryName(path);
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renamePatiently(temporary, path);
    syncFolder(dirname(path));
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw writeFailure(thrown, path);
  }
}

/**
 * Makes a folder that is complete or absent: `write` fills one of another name, whose files are flushed before it
 * gets its name. A folder that stands there already is replaced. The one around it has to be there: a run that was
 * removed is not brought back in part. Throws what `write` throws, or `RunError`.
 */
export async function writeFolderAtomic(
  path: string,
  write: (folder: string) => Promise<void> | void,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    mkdirSync(temporary);
    await write(temporary);
    syncTree(temporary);
    if (existsSync(path)) {
      const old = temporaryName(path);
      renamePatiently(path, old);
      renamePatiently(temporary, path);
      rmSync(old, { recursive: true, force: true });
    } else renamePatiently(temporary, path);
    syncFolder(dirname(path));
  } catch (thrown) {
    rmSync(temporary, { recursive: true, force: true });
    throw errorCode(thrown) === undefined ? toError(thrown) : writeFailure(thrown, path);
  }
}

/** Removes a file whose staying would do no harm, such as one that a later writer takes away too. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The disk has become read-only, or is gone.
  }
}

/**
 * Creates a folder, and those above it. Node's own recursive way says of a disk that is read-only that the folder is
 * missing, which sends people looking in the wrong place.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (thrown) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    if (errorCode(thrown) !== 'ENOENT' || dirname(path) === path) throw thrown;
    makeFolder(dirname(path));
    mkdirSync(path);
  }
}

/** Removes a folder so that it is never seen in part: it loses its name first. */
export function removeFolder(path: string): void {
  const old = temporaryName(path);
  renamePatiently(path, old);
  rmSync(old, { recursive: true, force: true });
}

/** Removes what a writer that died left half-written in a folder. */
export function removeTemporary(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.') && name.endsWith(TEMPORARY)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** How often and how long (ms) a rename is tried again while another program holds the file open. */
const RENAME_TRIES = 20;
const RENAME_PAUSE = 25;

/** Renames; on Windows a virus scanner or a reader may hold the target for a moment. */
function renamePatiently(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (thrown) {
      const code = errorCode(thrown);
      const held = code === 'EPERM' || code === 'EACCES' || code === 'EBUSY';
      if (process.platform !== 'win32' || !held || attempt === RENAME_TRIES) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RENAME_PAUSE);
    }
  }
}

/** Flushes a folder's entries, so that a rename survives a power cut; where the system has no such call, nothing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code !== 'EINVAL' && code !== 'EPERM' && code !== 'ENOTSUP') throw thrown;
  } finally {
    closeSync(handle);
  }
}

function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) {
      // Windows flushes only through a handle that may write.
      const file = openSync(path, 'r+');
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }
  }
  syncFolder(folder);
}

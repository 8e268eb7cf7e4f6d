import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { InputError } from '../base/errors';
import { isRecord } from '../base/guards';
import { errorCode, removeQuietly, writeFailure } from './files';
import { isAlive, type ProcessIdentity, thisProcess } from './process';

/** Releases a lock. */
export type Release = () => void;

/** How often a lock that changes hands under our eyes is tried again. */
const TRIES = 10;

/**
 * Takes a lock file for this process, so that two trainers never write one run. A lock whose process is no longer
 * alive is taken over: releasing one may fail. Throws `InputError` where a living process has it, `RunError` where the
 * file cannot be written.
 */
export function takeLock(path: string): Release {
  const own = thisProcess();
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (create(path, own)) return () => removeQuietly(path);
    const holder = lockHolder(path);
    if (holder !== undefined) throw heldBy(path, holder);
    takeOver(path, own);
  }
  throw new InputError({ what: 'the lock of this run changes hands all the time', file: path });
}

/** The living process that has a lock; undefined where nobody has. */
export function lockHolder(path: string): ProcessIdentity | undefined {
  const holder = read(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** The error for a run that a living trainer writes. */
export function heldBy(path: string, holder: ProcessIdentity): InputError {
  return new InputError({
    what: `another trainer (process ${holder.pid}) is at work on this run`,
    file: path,
    remedy: 'Wait until it is done, or stop it.',
  });
}

/**
 * Removes a dead process's lock. A guard file makes sure that what is removed is that lock still, and not one
 * that another process has just taken in its place.
 */
function takeOver(path: string, own: ProcessIdentity): void {
  const guard = `${path}.guard`;
  if (!create(guard, own)) {
    const other = read(guard);
    if (other === undefined || !isAlive(other)) rmSync(guard, { force: true });
    return;
  }
  try {
    if (lockHolder(path) === undefined) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/** Creates a file that names a process, whole at once; false where one is there already. */
function create(path: string, owner: ProcessIdentity): boolean {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, JSON.stringify(owner), { flag: 'wx' });
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'EEXIST') return false;
    // A file system without hard links: the file is then empty for a moment.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EMLINK')
      return createPlainly(path, owner);
    throw writeFailure(thrown, path);
  } finally {
    removeQuietly(draft);
  }
}

function createPlainly(path: string, owner: ProcessIdentity): boolean {
  try {
    writeFileSync(path, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw writeFailure(thrown, path);
  }
}

function read(path: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isRecord(value) || typeof value.pid !== 'number') return undefined;
    return { pid: value.pid, started: typeof value.started === 'string' ? value.started : null };
  } catch {
    return undefined;
  }
}

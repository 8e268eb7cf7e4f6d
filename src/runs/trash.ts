import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RunError } from '../base/errors';
import { errorCode, makeFolder, reasonOf } from './files';
import { heldBy, lockHolder } from './lock';
import { runPaths } from './folder';

/** The folder beside the runs into which removed ones are moved. A leading dot: no reader takes it for a run. */
const TRASH = '.trash';

/** A run that was moved away, and where it was. */
export interface TrashedRun {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves a run into the trash beside it: one rename, so that it is there whole or here whole. Throws `InputError` while
 * a trainer is at work on it, `RunError` where it cannot be moved.
 */
export async function trashRun(folder: string, now: Date = new Date()): Promise<TrashedRun> {
  const { lock } = runPaths(folder);
  const holder = lockHolder(lock);
  if (holder !== undefined) throw heldBy(lock, holder);
  const trash = join(dirname(folder), TRASH);
  // The time stands in the name: moving changes no time that every system keeps.
  const to = join(trash, `${now.getTime()}~${basename(folder)}`);
  try {
    makeFolder(trash);
    await renamePatiently(folder, to);
  } catch (thrown) {
    throw cannotMove(thrown, folder);
  }
  return { from: folder, to };
}

/** True where a run that lay in that folder is in the trash. */
export async function isTrashed(folder: string): Promise<boolean> {
  const moved = await namesIn(join(dirname(folder), TRASH));
  return moved.some((name) => name.endsWith(`~${basename(folder)}`));
}

/** Moves a run back out of the trash. Throws `InputError` where something else has its place by now. */
export async function restoreRun({ from, to }: TrashedRun): Promise<void> {
  if (existsSync(from)) {
    throw new InputError({
      what: 'the run cannot be put back: there is a folder of its name again',
      file: from,
      remedy: `Rename that one; the run lies in ${to} until it is a day old.`,
    });
  }
  try {
    await renamePatiently(to, from);
  } catch (thrown) {
    throw cannotMove(thrown, from);
  }
}

/** Removes for good what has been in the trash of `root` for longer than `keep` milliseconds. Returns how many. */
export async function purgeTrash(root: string, keep: number, now: Date = new Date()): Promise<number> {
  const trash = join(root, TRASH);
  const names = await namesIn(trash);
  const old = names.filter((name) => {
    const moved = /^(\d+)~/u.exec(name)?.[1];
    return moved !== undefined && now.getTime() - Number(moved) > keep;
  });
  for (const name of old) await fs.rm(join(trash, name), { recursive: true, force: true });
  if (old.length === names.length) await removeEmpty(trash);
  return old.length;
}

async function namesIn(trash: string): Promise<string[]> {
  try {
    return await fs.readdir(trash);
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'ENOTDIR') return [];
    throw thrown;
  }
}

function cannotMove(thrown: unknown, file: string): RunError {
  return new RunError(
    {
      what: `the run cannot be moved: ${reasonOf(thrown)}`,
      file,
      remedy: 'Look at the permissions of the folder, and whether another program has a file in it open.',
    },
    { cause: thrown },
  );
}

/** How often and how long (ms) a rename is tried again while another program holds a file in the folder open. */
const TRIES = 20;
const PAUSE = 50;

/** Renames; on Windows a virus scanner, or a reader of the run, may hold a file of it for a moment. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await fs.rename(from, to);
      return;
    } catch (thrown) {
      const code = errorCode(thrown);
      const held = code === 'EPERM' || code === 'EACCES' || code === 'EBUSY';
      if (process.platform !== 'win32' || !held || attempt === TRIES) throw thrown;
      await sleep(PAUSE);
    }
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await fs.rmdir(folder);
  } catch (thrown) {
    // Another window has just moved a run into it, or removed it.
    const code = errorCode(thrown);
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EEXIST') throw thrown;
  }
}

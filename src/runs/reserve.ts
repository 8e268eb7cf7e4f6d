import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../base/errors';
import { removeQuietly, temporaryName, writeFailure } from './files';
import type { RunPaths } from './folder';

/** How much (bytes) is kept: a record with room to spare, and some lines of the log. */
const SIZE = 64 << 10;

/**
 * Keeps some space in a run folder, by a file that {@link freeReserve} removes: a run whose disk is full can still say
 * so. Throws `RunError` where nothing can be written there, which is better known before a trainer is started.
 */
export function makeReserve({ reserve }: Pick<RunPaths, 'reserve'>): void {
  writeOrRemove(reserve);
}

/** Gives back the space that {@link makeReserve} has kept: the run ends, and what it still has to say may need it. */
export function freeReserve({ reserve }: Pick<RunPaths, 'reserve'>): void {
  removeQuietly(reserve);
}

/** What keeps a run folder from being written, found out by trying; undefined where nothing does. */
export function writeTrouble(folder: string): RunError | undefined {
  const probe = temporaryName(join(folder, 'probe'));
  try {
    writeOrRemove(probe);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RunError)) throw thrown;
    return new RunError({ ...thrown.facts, file: folder }, { cause: thrown });
  } finally {
    removeQuietly(probe);
  }
}

/** Random bytes: a file system that compresses would keep no space for others. */
function writeOrRemove(file: string): void {
  try {
    writeFileSync(file, randomBytes(SIZE));
  } catch (thrown) {
    removeQuietly(file);
    throw writeFailure(thrown, file);
  }
}

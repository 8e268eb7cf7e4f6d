import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError, toError } from '../base/errors';
import { removeFolder } from './files';
import { isRunId, type RunPaths, runPaths } from './folder';
import { heldBy, lockHolder } from './lock';
import { isAlive, type ProcessIdentity } from './process';

/** What this folder needs to know of a run's record; the whole of it is the decoder's business. */
export interface RecordState {
  readonly status: string;
  readonly created: string;
  readonly process?: ProcessIdentity | undefined;
}

/** Turns the content of `run.json` into a record, or throws `InputError`. */
export type DecodeRecord<R extends RecordState> = (value: unknown, file: string) => R;

/** A run that can be read. `status` is the recorded one, or `interrupted` where its trainer is gone. */
export interface FoundRun<R extends RecordState> {
  readonly paths: RunPaths;
  readonly record: R;
  readonly status: R['status'] | 'interrupted';
}

/** A folder that should be a run, and why it can't be read. */
export interface BrokenRun {
  readonly paths: RunPaths;
  readonly error: InputError;
}

/** Reads one run. Throws `InputError` where there is none or its record is broken. */
export function readRun<R extends RecordState>(folder: string, decode: DecodeRecord<R>): FoundRun<R> {
  const paths = runPaths(folder);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(paths.record, 'utf8'));
  } catch (thrown) {
    const missing = !existsSync(paths.record);
    throw new InputError({
      what: missing ? 'this is no run: it has no run.json' : `this run is broken: ${toError(thrown).message}`,
      file: missing ? folder : paths.record,
    });
  }
  const record = decode(value, paths.record);
  return { paths, record, status: currentStatus(record, paths) };
}

/** How long (ms) a run may wait for its trainer before it counts as forgotten. */
export const MAY_WAIT = 60_000;

/** How a run stands now: one that says it is at work but whose trainer is gone was interrupted. */
function currentStatus<R extends RecordState>(record: R, paths: RunPaths): R['status'] | 'interrupted' {
  if (record.status === 'queued') {
    // Between the making of a run and the first words of its trainer. Of times in the future nothing is known.
    const { mtimeMs = 0 } = statSync(paths.record, { throwIfNoEntry: false }) ?? {};
    const waits = Date.now() - mtimeMs < MAY_WAIT;
    return waits || lockHolder(paths.lock) !== undefined ? record.status : 'interrupted';
  }
  if (record.status !== 'running' && record.status !== 'paused') return record.status;
  return record.process !== undefined && isAlive(record.process) ? record.status : 'interrupted';
}

/** Every run below `root`, the newest first, and apart from them what is broken: it hides no other. */
export function listRuns<R extends RecordState>(
  root: string,
  decode: DecodeRecord<R>,
): { runs: FoundRun<R>[]; broken: BrokenRun[] } {
  const runs: FoundRun<R>[] = [];
  const broken: BrokenRun[] = [];
  for (const folder of runFolders(root)) {
    try {
      runs.push(readRun(folder, decode));
    } catch (thrown) {
      if (!(thrown instanceof InputError)) throw thrown;
      broken.push({ paths: runPaths(folder), error: thrown });
    }
  }
  // Ids know the second only.
  runs.sort((a, b) => compare(b.record.created, a.record.created) || compare(b.paths.folder, a.paths.folder));
  return { runs, broken };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function runFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(root, entry.name))
    .filter((folder) => isRunId(basename(folder)) || existsSync(runPaths(folder).record))
    .sort();
}

/**
 * The folder that a person means: the path of a run folder, an id, or the beginning of an id that only one run
 * below `root` has. Throws `InputError` that lists what there is.
 */
export function findRun(reference: string, root: string): string {
  const path = resolve(reference);
  if (existsSync(runPaths(path).record)) return path;
  const folders = runFolders(root);
  const exact = folders.filter((folder) => basename(folder) === reference);
  const matching =
    exact.length > 0 ? exact : folders.filter((folder) => basename(folder).startsWith(reference));
  const [first, second] = matching;
  if (first !== undefined && second === undefined && reference !== '') return resolve(first);
  const shown = (second === undefined ? folders : matching).slice(-5).map((folder) => basename(folder));
  throw new InputError({
    what: second === undefined ? 'there is no such run' : 'more than one run begins so',
    file: root,
    got: reference,
    expected: shown.length === 0 ? 'a run folder' : `a run folder, or one of ${shown.join(', ')}`,
  });
}

/** Removes a run for good. Throws `InputError` while a trainer works on it. */
export function removeRun(folder: string): void {
  const paths = runPaths(folder);
  const holder = lockHolder(paths.lock);
  if (holder !== undefined) throw heldBy(paths.lock, holder);
  if (!statSync(folder).isDirectory()) throw new InputError({ what: 'this is no run', file: folder });
  removeFolder(join(dirname(folder), basename(folder)));
}

import { existsSync, readFileSync } from 'node:fs';
import { InputError, RunError, toError } from '../base/errors';
import { isRecord } from '../base/guards';
import { show } from '../base/show';
import { writeFileAtomic } from './files';
import { jsonText, runPaths } from './folder';

/** What a user adds to a run. It lies in a file of its own, which no trainer writes. */
export interface UserNotes {
  /** What the run is called, in place of the experiment's name. */
  readonly name: string | undefined;
  readonly star: boolean;
  readonly tags: readonly string[];
  readonly note: string;
}

/** Nothing added. */
export const NO_NOTES: UserNotes = { name: undefined, star: false, tags: [], note: '' };

/** The version of `user.json` that is written. Another is neither read nor overwritten. */
const FORMAT_VERSION = 1;

/** Reads the text of `user.json`. Throws `InputError` where it isn't one; fields that are missing are empty. */
export function decodeUserNotes(text: string, file: string): UserNotes {
  const { name, star, tags, note } = decode(text, file);
  return {
    name: typeof name === 'string' && name.trim() !== '' ? name : undefined,
    star: star === true,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    note: typeof note === 'string' ? note : '',
  };
}

/**
 * Changes what a user added to a run, and keeps every field that this version does not know. Throws `InputError` where
 * the file is none of ours, `RunError` where it cannot be written; then nothing has changed.
 */
export function changeUserNotes(folder: string, change: Partial<UserNotes>): void {
  const { user: file } = runPaths(folder);
  const before: Record<string, unknown> = existsSync(file) ? decode(readFileSync(file, 'utf8'), file) : {};
  const next: Record<string, unknown> = { formatVersion: FORMAT_VERSION, ...before, ...change };
  for (const key of Object.keys(change)) if (isEmpty(next[key])) Reflect.deleteProperty(next, key);
  try {
    writeFileAtomic(file, jsonText(next));
  } catch (thrown) {
    if (!(thrown instanceof RunError)) throw thrown;
    throw new RunError(
      { ...thrown.facts, remedy: 'Look at the permissions of the folder and the space on its disk.' },
      { cause: thrown },
    );
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

function decode(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw unreadable(file, toError(thrown).message);
  }
  if (!isRecord(value)) throw unreadable(file, 'it holds no object');
  if (value.formatVersion === FORMAT_VERSION || value.formatVersion === undefined) return value;
  throw unreadable(file, `it is of version ${show(value.formatVersion)}, and this reads ${FORMAT_VERSION}`);
}

function unreadable(file: string, why: string): InputError {
  return new InputError({
    what: `the notes on this run cannot be read: ${why}`,
    file,
    remedy: 'Mend the file or remove it.',
  });
}

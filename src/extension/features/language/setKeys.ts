import { analyse } from './analysis';
import { type Edit, insertKey, removeKey } from './edits';
import { entryOf } from './entries';

/** A key of an experiment and the value it is to have, as YAML of one line; undefined takes the key out. */
export interface KeyChange {
  readonly path: readonly string[];
  readonly value: string | undefined;
}

/**
 * Gives keys other values, as one edit of the text, which can be undone at once. All that need not change stays as it
 * is written, comments too. Undefined where the text says all of it already, or cannot be changed that way.
 */
export function setKeys(text: string, file: string, changes: readonly KeyChange[]): Edit | undefined {
  let changed = text;
  for (const change of changes) {
    const edit = editOf(changed, file, change);
    if (edit !== undefined) changed = changed.slice(0, edit.start) + edit.text + changed.slice(edit.end);
  }
  return difference(text, changed);
}

function editOf(text: string, file: string, { path, value }: KeyChange): Edit | undefined {
  const analysis = analyse(text, file);
  const entry = entryOf(analysis.entries, path);
  if (value === undefined) return entry === undefined ? undefined : removeKey(analysis, path);
  if (entry === undefined) return insertKey(analysis, path, value);
  const { valueSpan, keySpan, kind, flow } = entry;
  if (valueSpan !== undefined && (kind === 'scalar' || flow)) return { ...valueSpan, text: value };
  // Behind the colon: a block that stood below it gives way, or nothing stood there.
  const colon = text.indexOf(':', keySpan.end) + 1;
  return { start: colon, end: valueSpan?.end ?? colon, text: ` ${value}` };
}

/** The one stretch in which two texts differ. */
function difference(before: string, after: string): Edit | undefined {
  if (before === after) return undefined;
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

import { type Analysis, analyse } from './analysis';
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
    const edit = editOf(analyse(changed, file), change);
    if (edit !== undefined) changed = changed.slice(0, edit.start) + edit.text + changed.slice(edit.end);
  }
  return difference(text, changed);
}

/**
 * As `setKeys`, by edits that change only the bytes they must: one for each place, of the text as it is, none of them
 * in another.
 */
export function keyEdits(analysis: Analysis, changes: readonly KeyChange[]): readonly Edit[] {
  const edits: Edit[] = [];
  let changed = analysis;
  for (const change of changes) {
    const edit = editOf(changed, change);
    if (edit === undefined) continue;
    const text = edit.text.replaceAll(/\r?\n/gu, analysis.lines.lineEnd);
    add(edits, { start: edit.start, end: edit.end, text });
    changed = analyse(changed.text.slice(0, edit.start) + text + changed.text.slice(edit.end), analysis.file);
  }
  return edits;
}

/** Adds an edit of the text that `edits` make, as one of the text before them; where it touches one, it joins it. */
function add(edits: Edit[], { start, end, text }: Edit): void {
  let moved = 0;
  let place = 0;
  for (const [i, edit] of edits.entries()) {
    const from = edit.start + moved;
    const to = from + edit.text.length;
    if (end < from) break;
    if (start <= to) {
      const joined = edit.text.slice(0, Math.max(0, start - from)) + text + edit.text.slice(end - from);
      edits[i] = { start: Math.min(start - moved, edit.start), end: edit.end, text: joined };
      return;
    }
    moved += edit.text.length - (edit.end - edit.start);
    place = i + 1;
  }
  edits.splice(place, 0, { start: start - moved, end: end - moved, text });
}

function editOf(analysis: Analysis, { path, value }: KeyChange): Edit | undefined {
  const { text } = analysis;
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

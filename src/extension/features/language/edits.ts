import { keysOf } from '../../../protocol/experiment/schema/input';
import type { Analysis } from './analysis';
import { endOf, type Entry, entryOf, type Span } from './entries';
import { schemaOf } from './schema';

/** A stretch of the text and what takes its place; everything else stays as it is. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Whether `text` is a snippet, with places to fill in. */
  readonly snippet?: boolean;
}

type Source = Pick<Analysis, 'text' | 'lines' | 'entries'>;

/** Takes a key out, with its value and the comment behind it: whole lines, or its part of a pair of braces. */
export function removeKey({ text, lines, entries }: Source, path: readonly string[]): Edit | undefined {
  const entry = entryOf(entries, path);
  if (entry === undefined) return undefined;
  const around = path.length > 1 ? entryOf(entries, path.slice(0, -1)) : undefined;
  if (around?.flow === true) return removeFromBraces(text, entry, around);
  const first = lines.line(lines.lineOf(entry.keySpan.start));
  const last = lines.line(lines.lineOf(endOf(entry)));
  return { start: first.whole.start, end: last.whole.end, text: '' };
}

function removeFromBraces(text: string, entry: Entry, around: Entry): Edit {
  const index = around.children.indexOf(entry);
  const next = around.children[index + 1];
  const before = around.children[index - 1];
  if (next !== undefined) return { start: entry.keySpan.start, end: next.keySpan.start, text: '' };
  if (before !== undefined) return { start: endOf(before), end: endOf(entry), text: '' };
  const inner = around.valueSpan ?? entry.keySpan;
  return { start: inner.start, end: inner.end, text: text.charAt(inner.start) === '{' ? '{}' : '' };
}

/** Takes an item out of a list: its line, or its part of the brackets. Undefined for the only one: no list is empty. */
export function removeItem(
  { lines, entries }: Pick<Source, 'lines' | 'entries'>,
  path: readonly string[],
  span: Span,
): Edit | undefined {
  const list = entryOf(entries, path);
  const index = list?.items.findIndex((item) => item.span.start === span.start) ?? -1;
  if (list === undefined || index < 0 || list.items.length < 2) return undefined;
  if (!list.flow) {
    const { start } = lines.line(lines.lineOf(span.start)).whole;
    return { start, end: lines.line(lines.lineOf(span.end)).whole.end, text: '' };
  }
  const [before, next] = [list.items[index - 1], list.items[index + 1]];
  if (next !== undefined) return { start: span.start, end: next.span.start, text: '' };
  return { start: before?.span.end ?? span.start, end: span.end, text: '' };
}

/**
 * Puts a key in, in the order of the schema, indented as those beside it. A section that is not there is made, one that
 * is empty is filled. `value` is a snippet: `$1` is a place to fill in.
 */
export function insertKey(source: Source, path: readonly string[], value: string): Edit | undefined {
  const { lines, entries } = source;
  const [key = ''] = path.slice(-1);
  const parent = path.slice(0, -1);
  const line = `${key}:${value.startsWith('\n') || value === '' ? '' : ' '}${value}`;
  if (parent.length === 0) return insertAmong(source, entries, [], line, key);
  const section = entryOf(entries, parent);
  if (section === undefined) return insertKey(source, parent, `\n  ${line}`);
  if (section.flow) {
    const close = (section.valueSpan?.end ?? 0) - 1;
    const last = section.children.at(-1);
    const at = last === undefined ? close : endOf(last);
    return { start: at, end: at, text: last === undefined ? ` ${line} ` : `, ${line}`, snippet: true };
  }
  if (section.children.length > 0) return insertAmong(source, section.children, parent, line, key);
  // What stands in the place of keys is not thrown away here.
  if (section.valueSpan !== undefined) return undefined;
  const own = lines.line(lines.lineOf(section.keySpan.start));
  const indent = ' '.repeat(section.keySpan.start - own.span.start + 2);
  const end = own.span.end;
  return { start: end, end, text: `${lines.lineEnd}${indent}${indented(line, indent)}`, snippet: true };
}

/** Behind the last of the keys that come before it in the schema; else in front of all. */
function insertAmong(
  { text, lines }: Source,
  siblings: readonly Entry[],
  parent: readonly string[],
  line: string,
  key: string,
): Edit {
  const order = keysOf(schemaOf(parent) ?? {});
  const place = order.indexOf(key);
  const before = siblings.filter((sibling) => order.indexOf(sibling.key) < place).at(-1);
  const first = siblings[0];
  if (before === undefined && first !== undefined) {
    const own = lines.line(lines.lineOf(first.keySpan.start));
    const indent = text.slice(own.span.start, first.keySpan.start);
    return {
      start: own.span.start,
      end: own.span.start,
      text: `${indent}${indented(line, indent)}${lines.lineEnd}`,
      snippet: true,
    };
  }
  if (before === undefined) {
    const ended = text === '' || text.endsWith('\n');
    return {
      start: text.length,
      end: text.length,
      text: `${ended ? '' : lines.lineEnd}${line}${lines.lineEnd}`,
      snippet: true,
    };
  }
  const start = lines.line(lines.lineOf(before.keySpan.start)).span.start;
  const indent = /^\s*/u.exec(text.slice(start, before.keySpan.start))?.[0] ?? '';
  const end = lines.line(lines.lineOf(endOf(before))).span.end;
  return { start: end, end, text: `${lines.lineEnd}${indent}${indented(line, indent)}`, snippet: true };
}

function indented(line: string, indent: string): string {
  return line.replaceAll('\n', `\n${indent}`);
}

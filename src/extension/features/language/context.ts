import type { Span } from './entries';
import { flowAt, type FlowState } from './flow';
import type { Lines } from './lines';

/** What a cursor is about to write. */
export type Context =
  | {
      readonly kind: 'key';
      /** The section that the key will stand in. */
      readonly path: readonly string[];
      /** Keys that are there already. */
      readonly taken: readonly string[];
      /** The word that is replaced. */
      readonly span: Span;
      readonly flow: boolean;
      /** A colon follows already. */
      readonly colon: boolean;
    }
  | {
      readonly kind: 'value';
      readonly path: readonly string[];
      /** The value's text, within quotes where there are any. */
      readonly span: Span;
      readonly quoted: boolean;
      /** Whether it is an item of a list, and the other items. */
      readonly item: boolean;
      readonly others: readonly string[];
      /** Whether the value stands in braces or brackets. */
      readonly flow: boolean;
    }
  /** Between the braces of a template. */
  | {
      readonly kind: 'column';
      readonly path: readonly string[];
      readonly span: Span;
      readonly closed: boolean;
    };

const KEY_LINE = /^(\s*)(?:-\s+)?("[^"]*"|'[^']*'|[A-Za-z_][\w+.-]*)\s*:(?:\s|$)/u;
/** Where templates stand: their braces hold columns. */
const TEMPLATES = new Set(['data.text', 'data.prompt', 'data.completion']);

/**
 * What is being written at an offset; undefined in comments, and where nothing can be told. It looks at the lines
 * around, not at the parsed file: while one types there often is none.
 */
export function contextAt(lines: Lines, offset: number): Context | undefined {
  const index = lines.lineOf(offset);
  const state = flowAt(lines.text, lines.line(topLine(lines, index)).span.start, offset);
  if (state.comment) return undefined;
  const [outer] = state.open;
  if (outer !== undefined) return flowContext(lines, offset, state, outer.at);
  const line = lines.line(index);
  const before = lines.text.slice(line.span.start, offset);
  if (state.literal) {
    const path = pathAround(lines, index, indentOf(line.text));
    return columnContext(lines, path, line.span.start, offset);
  }
  const item = /^(\s*)-(?:\s+|$)/u.exec(before);
  if (item !== null) {
    const path = pathAround(lines, index, (item[1]?.length ?? 0) + 1);
    const value = valueContext(lines, path, line.span.start + item[0].length, offset, state);
    return { ...value, item: true, others: blockItems(lines, index) };
  }
  const key = KEY_LINE.exec(`${before} `);
  if (key !== null && (before.length >= key[0].length || /:\s*$/u.test(before))) {
    const name = unquoted(key[2] ?? '');
    const path = [...pathAround(lines, index, key[1]?.length ?? 0), name];
    // Right after the colon a space is missing yet.
    if (!/:\s/u.test(before)) return undefined;
    const from = line.span.start + key[0].length;
    if (TEMPLATES.has(path.join('.'))) {
      const column = columnContext(lines, path, from, offset);
      if (column !== undefined) return column;
    }
    return valueContext(lines, path, Math.min(from, offset), offset, state);
  }
  return blockKey(lines, index, offset);
}

/** The line at which the top-level key around a line begins. */
function topLine(lines: Lines, index: number): number {
  for (let i = index; i > 0; i--) if (/^[^\s#-]/u.test(lines.line(i).text)) return i;
  return 0;
}

/** The keys around a line, by indentation: those of the lines above that are indented less and less. */
function pathAround(lines: Lines, index: number, indent: number): string[] {
  const path: string[] = [];
  let left = indent;
  for (let i = index - 1; i >= 0 && left > 0; i--) {
    const { text } = lines.line(i);
    const key = KEY_LINE.exec(text);
    if (key === null || isBlank(text)) continue;
    const own = key[1]?.length ?? 0;
    if (own >= left) continue;
    path.unshift(unquoted(key[2] ?? ''));
    left = own;
  }
  return path;
}

function blockKey(lines: Lines, index: number, offset: number): Context | undefined {
  const line = lines.line(index);
  const before = lines.text.slice(line.span.start, offset);
  const word = /[\w+.-]*$/u.exec(before)?.[0] ?? '';
  if (before.slice(0, before.length - word.length).trim() !== '') return undefined;
  const indent = before.length - word.length;
  const after = line.text.slice(before.length);
  const rest = /^[\w+.-]*/u.exec(after)?.[0] ?? '';
  return {
    kind: 'key',
    path: pathAround(lines, index, indent),
    taken: siblings(lines, index, indent),
    span: { start: offset - word.length, end: offset + rest.length },
    flow: false,
    colon: after.slice(rest.length).trimStart().startsWith(':'),
  };
}

/** The keys of the block that a line stands in, but its own. */
function siblings(lines: Lines, index: number, indent: number): string[] {
  const found: string[] = [];
  for (const step of [-1, 1]) {
    for (let i = index + step; i >= 0 && i < lines.count; i += step) {
      const { text } = lines.line(i);
      if (isBlank(text)) continue;
      const own = indentOf(text);
      if (own < indent) break;
      const key = own === indent ? KEY_LINE.exec(text) : null;
      if (key !== null) found.push(unquoted(key[2] ?? ''));
    }
  }
  return found;
}

function blockItems(lines: Lines, index: number): string[] {
  const found: string[] = [];
  for (const step of [-1, 1]) {
    for (let i = index + step; i >= 0 && i < lines.count; i += step) {
      const { text } = lines.line(i);
      if (isBlank(text)) continue;
      const item = /^\s*-\s+(.*?)\s*(?:#.*)?$/u.exec(text);
      if (item === null) break;
      found.push(unquoted(item[1] ?? ''));
    }
  }
  return found;
}

function flowContext(lines: Lines, offset: number, state: FlowState, outer: number): Context | undefined {
  const { text } = lines;
  const first = lines.line(lines.lineOf(outer));
  const key = KEY_LINE.exec(text.slice(first.span.start, outer));
  if (key === null) return undefined;
  const base = [...pathAround(lines, lines.lineOf(outer), key[1]?.length ?? 0), unquoted(key[2] ?? '')];
  // A template that is not quoted yet reads as a map: what is written there is the template all the same.
  if (TEMPLATES.has(base.join('.'))) {
    return { ...valueContext(lines, base, outer, offset, state), quoted: false, flow: false };
  }
  const path = [...base];
  for (const { at } of state.open.slice(1)) {
    const inner = /([A-Za-z_][\w+.-]*)\s*:\s*$/u.exec(text.slice(outer, at));
    if (inner?.[1] !== undefined) path.push(inner[1]);
  }
  const innermost = state.open.at(-1);
  if (innermost === undefined) return undefined;
  const end = closing(text, offset, lines.line(lines.lineOf(offset)).span.end);
  const inside = splitTop(text.slice(innermost.at + 1, end));
  const written = text.slice(innermost.at + 1, offset);
  const own =
    state.quote === undefined ? written.slice(lastComma(written) + 1) : text.slice(state.quote.at, offset);
  const begin = offset - own.trimStart().length;
  const number = splitTop(written).length - 1;
  const others = inside.filter((_, i) => i !== number);
  if (innermost.bracket === '[') {
    const value = valueContext(lines, path, begin, offset, state);
    return { ...value, item: true, flow: true, others: others.map((other) => unquoted(other.trim())) };
  }
  const colon = /^\s*("[^"]*"|'[^']*'|[\w+.-]+)\s*:\s/u.exec(`${written.slice(lastComma(written) + 1)} `);
  if (colon?.[1] !== undefined) {
    const from = Math.min(offset, offset - written.length + lastComma(written) + 1 + colon[0].length);
    return { ...valueContext(lines, [...path, unquoted(colon[1])], from, offset, state), flow: true };
  }
  const after = /^[\w+.-]*/u.exec(text.slice(offset))?.[0] ?? '';
  return {
    kind: 'key',
    path,
    taken: others.flatMap((other) => /^\s*([\w+.-]+)\s*:/u.exec(other)?.[1] ?? []),
    span: { start: begin, end: offset + after.length },
    flow: true,
    colon: text
      .slice(offset + after.length)
      .trimStart()
      .startsWith(':'),
  };
}

/** The value from an offset on, to where it ends on its line. */
function valueContext(
  lines: Lines,
  path: readonly string[],
  from: number,
  offset: number,
  { quote, open }: FlowState,
): Extract<Context, { kind: 'value' }> {
  const { text } = lines;
  const end = lines.line(lines.lineOf(offset)).span.end;
  const base = { kind: 'value', path, item: false, others: [], flow: open.length > 0 } as const;
  if (quote !== undefined) {
    const close = text.slice(offset, end).indexOf(quote.mark);
    return { ...base, span: { start: quote.at + 1, end: close < 0 ? end : offset + close }, quoted: true };
  }
  const rest =
    (open.length > 0 ? /^[^,\]}#]*/u : /^(?:[^\s#]|\s(?!\s*#))*/u).exec(text.slice(offset, end))?.[0] ?? '';
  const start = from + (text.slice(from, offset).length - text.slice(from, offset).trimStart().length);
  return { ...base, span: { start, end: offset + rest.trimEnd().length }, quoted: false };
}

/** The column that is being written: after a `{` that stands alone and is not closed. */
function columnContext(
  lines: Lines,
  path: readonly string[],
  from: number,
  offset: number,
): Context | undefined {
  if (!TEMPLATES.has(path.join('.'))) return undefined;
  const written = lines.text.slice(from, offset).replaceAll('{{', '\0\0');
  const open = written.lastIndexOf('{');
  if (open < 0 || written.includes('}', open)) return undefined;
  const line = lines.line(lines.lineOf(offset));
  const after = lines.text.slice(offset, line.span.end);
  const word = /^[^{}"'\s]*/u.exec(after)?.[0] ?? '';
  return {
    kind: 'column',
    path,
    span: { start: from + open + 1, end: offset + word.length },
    closed: after.slice(word.length).startsWith('}'),
  };
}

/** Where the innermost collection is closed, on the same line at most. */
function closing(text: string, offset: number, lineEnd: number): number {
  let depth = 0;
  for (let i = offset; i < lineEnd; i++) {
    const character = text.charAt(i);
    if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') {
      if (depth === 0) return i;
      depth--;
    } else if (character === '#') return i;
  }
  return lineEnd;
}

/** The parts between the commas that stand in no inner collection. */
function splitTop(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth++;
    if (character === ']' || character === '}') depth--;
    if (character === ',' && depth <= 0) parts.push('');
    else parts.push((parts.pop() ?? '') + character);
  }
  return parts;
}

function lastComma(text: string): number {
  return text.length - (splitTop(text).at(-1)?.length ?? 0) - 1;
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/u.exec(text);
  return quoted?.[2] ?? text;
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

function isBlank(text: string): boolean {
  return /^\s*(?:#|$)/u.test(text);
}

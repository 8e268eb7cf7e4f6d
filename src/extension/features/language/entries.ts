import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { KeyPath } from '../../../protocol/experiment/source';

/** A stretch of a text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A list's item. */
interface Item {
  readonly span: Span;
  readonly value: unknown;
}

/** A key of an experiment file with what stands under it. */
export interface Entry {
  readonly path: KeyPath;
  readonly key: string;
  readonly keySpan: Span;
  /** Undefined where nothing is written after the colon. */
  readonly valueSpan: Span | undefined;
  readonly kind: 'section' | 'list' | 'scalar';
  /** Whether the value is written in braces or brackets. */
  readonly flow: boolean;
  /** A scalar's value. */
  readonly value: unknown;
  /** A section's keys. */
  readonly children: readonly Entry[];
  /** A list's items. */
  readonly items: readonly Item[];
}

/** The keys of a file as it is written, also of one with faults, as far as it could be read. */
export function entriesOf(document: Document.Parsed | undefined): readonly Entry[] {
  const contents = document?.contents;
  return isMap(contents) ? pairEntries(contents.items, []) : [];
}

/** The entry of a path. */
export function entryOf(entries: readonly Entry[], path: KeyPath): Entry | undefined {
  let found: Entry | undefined;
  let among = entries;
  for (const step of path) {
    if (typeof step === 'number') return found;
    found = among.find(({ key }) => key === step);
    if (found === undefined) return undefined;
    among = found.children;
  }
  return found;
}

/** The innermost entry that an offset lies in. */
export function entryAt(entries: readonly Entry[], offset: number): Entry | undefined {
  for (const entry of entries) {
    if (offset < entry.keySpan.start || offset > endOf(entry)) continue;
    return entryAt(entry.children, offset) ?? entry;
  }
  return undefined;
}

/** Where an entry ends: its value, or its key where it has none. */
export function endOf({ valueSpan, keySpan }: Entry): number {
  return (valueSpan ?? keySpan).end;
}

/** All strings of an entry that is a string or a list of them, as they stand. */
export function textsOf(entry: Entry | undefined): readonly { readonly span: Span; readonly text: string }[] {
  if (entry?.valueSpan === undefined) return [];
  const found = entry.kind === 'list' ? entry.items : [{ span: entry.valueSpan, value: entry.value }];
  return found.flatMap(({ span, value }) => (typeof value === 'string' ? [{ span, text: value }] : []));
}

function pairEntries(pairs: readonly Pair[], around: KeyPath): Entry[] {
  return pairs.flatMap((pair) => {
    const entry = pairEntry(pair, around);
    return entry === undefined ? [] : [entry];
  });
}

function pairEntry({ key, value }: Pair, around: KeyPath): Entry | undefined {
  if (!isScalar(key) || !key.range) return undefined;
  const name = String(key.value);
  const path = [...around, name];
  const base = { path, key: name, keySpan: { start: key.range[0], end: key.range[1] } };
  const nothing = { flow: false, value: undefined, children: [], items: [] };
  if (isMap(value)) {
    const children = pairEntries(value.items, path);
    const span = value.flow === true ? spanOf(value) : covering(children.map(wholeOf));
    return { ...base, ...nothing, kind: 'section', flow: value.flow === true, children, valueSpan: span };
  }
  if (isSeq(value)) {
    const items = value.items.flatMap((item): Item[] => {
      const span = isNode(item) ? spanOf(item) : undefined;
      return span === undefined ? [] : [{ span, value: isScalar(item) ? item.value : undefined }];
    });
    const whole = spanOf(value);
    // A block's own range reaches into the line below it.
    const end = value.flow === true ? undefined : items.at(-1)?.span.end;
    const valueSpan = whole === undefined || end === undefined ? whole : { start: whole.start, end };
    return { ...base, ...nothing, kind: 'list', flow: value.flow === true, items, valueSpan };
  }
  const written = isNode(value) && !(isScalar(value) && value.source === '');
  return {
    ...base,
    ...nothing,
    kind: 'scalar',
    value: isScalar(value) ? value.value : undefined,
    valueSpan: written ? spanOf(value) : undefined,
  };
}

function wholeOf(entry: Entry): Span {
  return { start: entry.keySpan.start, end: endOf(entry) };
}

function covering(spans: readonly Span[]): Span | undefined {
  const [first] = spans;
  const last = spans.at(-1);
  return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end };
}

function spanOf(node: Node): Span | undefined {
  return node.range ? { start: node.range[0], end: node.range[1] } : undefined;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

import type { Analysis } from './analysis';
import { endOf, type Entry, type Span } from './entries';

/** A key in the outline, with its value beside it. */
export interface OutlineItem {
  readonly name: string;
  readonly detail: string;
  readonly kind: Entry['kind'];
  readonly whole: Span;
  readonly key: Span;
  readonly children: readonly OutlineItem[];
}

const LONGEST_DETAIL = 80;

/** The sections and keys of a file, in its order. */
export function outlineOf({ entries, text }: Pick<Analysis, 'entries' | 'text'>): readonly OutlineItem[] {
  const itemOf = (entry: Entry): OutlineItem => ({
    name: entry.key,
    detail: detailOf(entry, text),
    kind: entry.kind,
    whole: { start: entry.keySpan.start, end: endOf(entry) },
    key: entry.keySpan,
    children: entry.children.map(itemOf),
  });
  // VS Code refuses a symbol without a name.
  return entries.filter(({ key }) => key !== '').map(itemOf);
}

function detailOf({ kind, valueSpan }: Entry, text: string): string {
  if (kind === 'section' || valueSpan === undefined) return '';
  const written = text.slice(valueSpan.start, valueSpan.end).replaceAll(/\s+/gu, ' ').trim();
  return written.length > LONGEST_DETAIL ? `${written.slice(0, LONGEST_DETAIL)}…` : written;
}

/** The lines, from 0, that fold away: sections and lists over several lines, and blocks of comments. */
export function foldsOf({ entries, lines }: Pick<Analysis, 'entries' | 'lines'>): readonly {
  readonly start: number;
  readonly end: number;
  readonly comment: boolean;
}[] {
  const folds: { start: number; end: number; comment: boolean }[] = [];
  const visit = (entry: Entry): void => {
    const start = lines.lineOf(entry.keySpan.start);
    const end = lines.lineOf(endOf(entry));
    if (end > start) folds.push({ start, end, comment: false });
    for (const child of entry.children) visit(child);
  };
  for (const entry of entries) visit(entry);
  let begun: number | undefined;
  for (let i = 0; i <= lines.count; i++) {
    const isComment = i < lines.count && /^\s*#/u.test(lines.line(i).text);
    if (isComment) begun ??= i;
    else if (begun !== undefined) {
      if (i - begun > 1) folds.push({ start: begun, end: i - 1, comment: true });
      begun = undefined;
    }
  }
  return folds;
}

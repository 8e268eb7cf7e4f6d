import type { QueryProblem } from './ast';

/** A part of a query between blanks; blanks within quotes are part of it. */
export interface Token {
  /** Its text without the quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where in `text` the first quoted character stands; undefined where nothing was quoted. */
  readonly quoted: number | undefined;
}

/** Cuts a query into its parts. `\"` within quotes is a quote. */
export function lexQuery(query: string): { tokens: Token[] } | { problem: QueryProblem } {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    if (isBlank(query[at])) {
      at++;
      continue;
    }
    const start = at;
    let text = '';
    let quoted: number | undefined;
    while (at < query.length && !isBlank(query[at])) {
      if (query[at] !== '"') {
        text += query[at++] ?? '';
        continue;
      }
      const opened = at;
      quoted ??= text.length;
      at++;
      while (at < query.length && query[at] !== '"') {
        if (query[at] === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) at++;
        text += query[at++] ?? '';
      }
      if (at >= query.length) {
        return { problem: { message: 'a quotation mark is never closed', start: opened, end: query.length } };
      }
      at++;
    }
    tokens.push({ text, start, end: at, quoted });
  }
  return { tokens };
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/u.test(character);
}

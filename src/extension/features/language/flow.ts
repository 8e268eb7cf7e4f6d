/** What an offset lies in, from a given start on: brackets and braces that are open, a string, a comment. */
export interface FlowState {
  /** Offsets of the `[` and `{` that are open, the outermost first. */
  readonly open: readonly { readonly bracket: '[' | '{'; readonly at: number }[];
  /** Where the string that is open begins. */
  readonly quote: { readonly mark: '"' | "'"; readonly at: number } | undefined;
  readonly comment: boolean;
  /** Inside text after `|` or `>`. */
  readonly literal: boolean;
}

const CLOSING = { '[': ']', '{': '}' } as const;

/**
 * Reads a text from `start`, a line's beginning outside any flow collection, to `offset`. Only as much of YAML as tells
 * where one is while typing, when the rest of the text makes no sense yet.
 */
export function flowAt(text: string, start: number, offset: number): FlowState {
  const open: { bracket: '[' | '{'; at: number }[] = [];
  let quote: FlowState['quote'];
  let comment = false;
  let literalIndent: number | undefined;
  let lineStart = start;
  /** The last character that is no space: a quote begins a string only where a value begins. */
  let before = '';
  for (let i = start; i < offset; i++) {
    const character = text.charAt(i);
    if (literalIndent !== undefined && i === lineStart) {
      const end = lineEnd(text, i);
      const indent = indentOf(text, i, end);
      // A blank line belongs to the text; so does the unfinished one that the offset is in.
      if (indent > literalIndent || indent === end - i) {
        if (end >= offset && offset - i > literalIndent) return { open, quote, comment, literal: true };
        i = end;
        lineStart = end + 1;
        continue;
      }
      literalIndent = undefined;
    }
    if (character === '\n') {
      if (!comment && quote === undefined && open.length === 0 && startsLiteral(text, lineStart, i)) {
        literalIndent = indentOf(text, lineStart, i);
      }
      comment = false;
      lineStart = i + 1;
      if (quote === undefined && open.length === 0) before = '';
      continue;
    }
    if (comment) continue;
    if (quote !== undefined) {
      if (character === '\\' && quote.mark === '"') i++;
      else if (character === quote.mark) {
        if (quote.mark === "'" && text.charAt(i + 1) === "'") i++;
        else quote = undefined;
      }
      before = character;
      continue;
    }
    if (character === '#' && (i === lineStart || /\s/u.test(text.charAt(i - 1)))) comment = true;
    else if ((character === '"' || character === "'") && beginsValue(before))
      quote = { mark: character, at: i };
    else if ((character === '[' || character === '{') && (open.length > 0 || beginsValue(before))) {
      open.push({ bracket: character, at: i });
    } else {
      const last = open.at(-1);
      if (last !== undefined && character === CLOSING[last.bracket]) open.pop();
    }
    if (!/\s/u.test(character)) before = character;
  }
  const literal = literalIndent !== undefined && offset - lineStart > literalIndent;
  return { open, quote, comment, literal };
}

function beginsValue(before: string): boolean {
  return before === '' || ':,[{-'.includes(before);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function indentOf(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && text.charAt(i) === ' ') i++;
  return i - start;
}

function startsLiteral(text: string, start: number, end: number): boolean {
  return /:\s+[|>][+-]?\d?[+-]?\s*(?:#.*)?$/u.test(text.slice(start, end).trimEnd());
}

import { InputError } from '../../base/errors';
import { textChunks } from './utf8';

/** One line without its end (`\n` or `\r\n`). */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
}

/** A line longer than this is a damaged file, or not one of lines: it is refused before it fills the memory. */
const LONGEST_LINE = 128 * 1024 * 1024;

/** The lines of a text file, without ever holding more of it than a part and a line. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let number = 1;
  let pending: string[] = [];
  let pendingLength = 0;
  for await (const chunk of textChunks(file)) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      pending.push(chunk.slice(start, end));
      yield { text: withoutReturn(pending.join('')), number };
      pending = [];
      pendingLength = 0;
      number++;
      start = end + 1;
    }
    if (start < chunk.length) {
      pending.push(chunk.slice(start));
      pendingLength += chunk.length - start;
      if (pendingLength > LONGEST_LINE) {
        throw new InputError({ what: 'the line is longer than 128 MiB', file, line: number });
      }
    }
  }
  if (pendingLength > 0) yield { text: withoutReturn(pending.join('')), number };
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

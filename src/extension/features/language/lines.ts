import type { Span } from './entries';

/** The lines of a text: where each begins, and from place to offset and back. */
export class Lines {
  readonly #starts: readonly number[];

  constructor(readonly text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** The offset of a line and column, both from 1, as errors name them. */
  offset(line: number, column: number): number {
    const start = this.#starts[Math.min(line, this.#starts.length) - 1] ?? 0;
    return Math.min(start + column - 1, this.text.length);
  }

  /** The line, from 0, that an offset lies in. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** A line, from 0, without its end; the span of it and of its end. */
  line(index: number): { readonly text: string; readonly span: Span; readonly whole: Span } {
    const start = this.#starts[index] ?? this.text.length;
    const next = this.#starts[index + 1] ?? this.text.length;
    const text = this.text.slice(start, next).replace(/\r?\n$/u, '');
    return { text, span: { start, end: start + text.length }, whole: { start, end: next } };
  }

  get count(): number {
    return this.#starts.length;
  }

  /** What ends the lines of this text. */
  get lineEnd(): string {
    return this.text.includes('\r\n') ? '\r\n' : '\n';
  }
}

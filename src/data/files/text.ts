import { readLines } from './lines';
import type { DataRow, ReadOptions } from './row';

/**
 * Rows of a plain text file: each line that is not blank is a row with the one column `text`. It is text to model, a
 * paragraph a line; with packing, the lines share rows of `max_length` tokens.
 */
export async function* readTextLines(file: string, { columns }: ReadOptions): AsyncGenerator<DataRow> {
  const name = columns?.[0] ?? 'text';
  for await (const { text, number } of readLines(file)) {
    if (text.trim() !== '') yield { values: { [name]: text }, file, line: number };
  }
}

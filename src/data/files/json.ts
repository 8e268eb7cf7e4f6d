import { InputError } from '../../base/errors';
import { placeOf, scanJson } from './jsonScan';
import { readLines } from './lines';
import type { DataRow } from './row';
import { textChunks } from './utf8';

/** A whole JSON document must fit one JavaScript string twice over; beyond this, lines are the better form. */
const LARGEST_DOCUMENT = 200 * 1024 * 1024;

/** What a value is, for an error. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function snippet(text: string, offset: number): string {
  return offset >= text.length ? 'the end of the text' : JSON.stringify(text.slice(offset, offset + 20));
}

/** Rows of a file with one JSON object a line; blank lines are passed over. */
export async function* readJsonLines(file: string): AsyncGenerator<DataRow> {
  for await (const { text, number } of readLines(file)) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const { fault } = scanJson(text);
      const offset = fault?.offset ?? 0;
      throw new InputError({
        what: 'the line is not valid JSON',
        file,
        line: number,
        column: offset + 1,
        got: snippet(text, offset),
        expected: fault?.expected ?? 'one object a line',
        remedy: 'Mend the line: each holds one whole object.',
      });
    }
    if (!isRecord(value)) {
      throw new InputError({
        what: 'the line is not a row',
        file,
        line: number,
        got: kindOf(value),
        expected: 'an object with a value for each column',
      });
    }
    yield { values: value, file, line: number };
  }
}

/** Rows of a JSON document: an array of objects, or an object of which exactly one value is an array. */
export async function* readJsonDocument(file: string): AsyncGenerator<DataRow> {
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of textChunks(file)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > LARGEST_DOCUMENT) {
      throw new InputError({
        what: 'the JSON document is larger than 200 MiB',
        file,
        remedy: 'Write it as .jsonl, one object a line: such a file may be of any size.',
      });
    }
  }
  const text = parts.join('');
  if (text.trim() === '') return;
  const { fault, arrays } = scanJson(text);
  if (fault !== undefined) {
    throw new InputError({
      what: 'the file is not valid JSON',
      file,
      ...placeOf(text, fault.offset),
      got: snippet(text, fault.offset),
      expected: fault.expected,
    });
  }
  const [rows, ...more] = arrays;
  if (rows === undefined || more.length > 0) {
    throw new InputError({
      what: 'the file has no single array of rows',
      file,
      got:
        rows === undefined
          ? 'no array'
          : `arrays under ${arrays.map((array) => `'${array.key ?? ''}'`).join(', ')}`,
      expected: 'an array of objects, or an object of which exactly one value is an array',
    });
  }
  let line = 1;
  let counted = 0;
  for (const [i, start] of rows.starts.entries()) {
    for (let end = text.indexOf('\n', counted); end >= 0 && end < start; end = text.indexOf('\n', counted)) {
      line++;
      counted = end + 1;
    }
    const value: unknown = JSON.parse(text.slice(start, rows.ends[i]));
    if (!isRecord(value)) {
      throw new InputError({
        what: `row ${i + 1} is not an object`,
        file,
        line,
        got: kindOf(value),
        expected: 'an object with a value for each column',
      });
    }
    yield { values: value, file, line };
  }
}

import { parse, CsvError } from 'csv-parse';
import { pipeline, Readable } from 'node:stream';
import { InputError } from '../../base/errors';
import { readLines } from './lines';
import type { DataRow, ReadOptions } from './row';
import { textChunks } from './utf8';

/** A record longer than this is an open quote that swallows the file. */
const LONGEST_RECORD = 16 * 1024 * 1024;

interface FieldRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** Records of comma-separated text (RFC 4180; a quote inside an unquoted field is a character like any other). */
async function* commaRecords(file: string): AsyncGenerator<FieldRecord> {
  const parser = parse({
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
  });
  // Errors reach the loop below through the parser, which pipeline destroys with them.
  pipeline(Readable.from(textChunks(file), { objectMode: true }), parser, () => undefined);
  const records: AsyncIterable<{ info: { lines: number }; record: string[] }> = parser;
  let line = 1;
  try {
    for await (const { info, record } of records) {
      yield { fields: record, line };
      line = info.lines + 1;
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    const what =
      thrown.code === 'CSV_QUOTE_NOT_CLOSED' || thrown.code === 'CSV_MAX_RECORD_SIZE'
        ? 'a quoted field that begins here or below never ends'
        : thrown.code === 'CSV_INVALID_CLOSING_QUOTE'
          ? 'a quoted field is followed by neither a comma nor the end of the line'
          : thrown.message;
    throw new InputError(
      { what, file, line, remedy: 'Write a quote inside a quoted field twice.' },
      { cause: thrown },
    );
  }
}

/** Records of tab-separated text: no quoting at all, as in GLUE's files, so a quote is a character. */
async function* tabRecords(file: string): AsyncGenerator<FieldRecord> {
  for await (const { text, number } of readLines(file)) {
    if (text !== '') yield { fields: text.split('\t'), line: number };
  }
}

function checkHeader(file: string, header: FieldRecord): readonly string[] {
  const seen = new Set<string>();
  for (const name of header.fields) {
    if (seen.has(name)) {
      throw new InputError({
        what: `two columns are called '${name}'`,
        file,
        line: header.line,
        key: 'data.columns',
        remedy: 'Rename one; or, where the file has no header line, name the columns with data.columns.',
      });
    }
    seen.add(name);
  }
  return header.fields;
}

async function* namedRows(
  file: string,
  records: AsyncIterable<FieldRecord>,
  options: NamingOptions,
): AsyncGenerator<DataRow> {
  let columns = options.columns;
  for await (const record of records) {
    if (columns === undefined) {
      columns = checkHeader(file, record);
      continue;
    }
    const { fields, line } = record;
    if (options.extraFields ? fields.length < columns.length : fields.length !== columns.length) {
      throw new InputError({
        what: 'the row does not have a field for each column',
        file,
        line,
        got: `${fields.length} fields`,
        expected: `${columns.length} (${columns.join(', ')})`,
      });
    }
    yield { values: Object.fromEntries(columns.map((name, i) => [name, fields[i]])), file, line };
  }
}

interface NamingOptions extends ReadOptions {
  /** Whether a row may have more fields than there are columns: only under names that the user gave. */
  readonly extraFields: boolean;
}

async function firstLine(file: string): Promise<string> {
  for await (const line of readLines(file)) return line.text;
  return '';
}

/** Rows of a .tsv file: fields between tabs, without quoting. Fields beyond the named `columns` are passed over. */
export function readTabSeparated(file: string, { columns }: ReadOptions): AsyncGenerator<DataRow> {
  return namedRows(file, tabRecords(file), { columns, extraFields: columns !== undefined });
}

/**
 * Rows of a .csv file. One whose first line has tabs and no comma is tab-separated whatever its name says (the STS
 * benchmark's files are), and is read as such.
 */
export async function* readCommaSeparated(file: string, { columns }: ReadOptions): AsyncGenerator<DataRow> {
  const first = await firstLine(file);
  if (first.includes('\t') && !first.includes(',')) yield* readTabSeparated(file, { columns });
  else yield* namedRows(file, commaRecords(file), { columns, extraFields: false });
}

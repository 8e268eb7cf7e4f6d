import { extname } from 'node:path';
import { InputError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import { readCommaSeparated, readTabSeparated } from './delimited';
import { readJsonDocument, readJsonLines } from './json';
import type { DataRow, ReadOptions } from './row';
import { readTextLines } from './text';

interface Reader {
  /** How many names `data.columns` may give. */
  readonly columns: 'any' | 'one' | 'none';
  read(file: string, options: ReadOptions): AsyncGenerator<DataRow>;
}

/** Readers by a file name's ending. */
const readers: Readonly<Record<string, Reader>> = {
  '.jsonl': { columns: 'none', read: readJsonLines },
  '.ndjson': { columns: 'none', read: readJsonLines },
  '.json': { columns: 'none', read: readJsonDocument },
  '.csv': { columns: 'any', read: readCommaSeparated },
  '.tsv': { columns: 'any', read: readTabSeparated },
  '.txt': { columns: 'one', read: readTextLines },
};

function readerOf(file: string, options: ReadOptions): Reader {
  const ending = extname(file).toLowerCase();
  const reader = Object.hasOwn(readers, ending) ? readers[ending] : undefined;
  if (reader === undefined) {
    const near = nearest(ending, Object.keys(readers));
    throw new InputError({
      what:
        ending === '.parquet'
          ? 'parquet files are not read yet'
          : 'the ending does not say what the file holds',
      file,
      key: 'data',
      got: ending === '' ? 'no ending' : `'${ending}'`,
      expected: Object.keys(readers).join(', '),
      remedy:
        ending === '.parquet'
          ? 'Write the rows as .jsonl, one object a line.'
          : near === undefined
            ? undefined
            : `Did you mean ${near}?`,
    });
  }
  const named = options.columns?.length ?? 0;
  if ((reader.columns === 'none' && named > 0) || (reader.columns === 'one' && named > 1)) {
    throw new InputError({
      what:
        reader.columns === 'none'
          ? `the rows of a ${ending} file name their columns themselves`
          : 'a .txt file has one column',
      file,
      key: 'data.columns',
      got: options.columns?.join(', '),
      remedy: 'Leave data.columns out.',
    });
  }
  return reader;
}

/**
 * The rows of a data file in file order, one at a time: a file of any size is read without holding it (a .json
 * document is held whole). Every fault is an InputError with file and line: a missing or empty file, a byte that is
 * not UTF-8, faulty JSON, a row whose fields do not match the columns.
 */
export async function* readRows(file: string, options: ReadOptions = {}): AsyncGenerator<DataRow> {
  let rows = 0;
  for await (const row of readerOf(file, options).read(file, options)) {
    rows++;
    yield row;
  }
  if (rows === 0) {
    throw new InputError({
      what: 'the data file has no rows',
      file,
      remedy: 'Write rows into it, or take it out of the experiment.',
    });
  }
}

import { createHash } from 'node:crypto';
import { readRows } from './files/readRows';
import { hashFile } from './files/utf8';
import { type EncodedRow, rowEncoder, type RowForm } from './text/encode';
import type { Tokenizer } from './text/tokenizer';
import { supervisedCount } from './batch/tokenRow';
import { TokenTableBuilder, type TokenTable } from './tokenTable';
import { decodeTokenTable, encodeTokenTable } from './tokenTableBytes';

/** A content-addressed store. What it returns is checked, so a damaged entry only costs the time to make it again. */
export interface ByteCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** How rows become tokens; all of it is part of the cache key. */
export interface TokeniseOptions {
  readonly form: RowForm;
  readonly tokenizer: Tokenizer;
  /** Rows are cut to this many tokens, from the right. */
  readonly maxLength: number;
  /** Names of the columns of csv and tsv files without a header. */
  readonly columns?: readonly string[] | undefined;
  /** Read only the first rows of the file. */
  readonly maxRows?: number | undefined;
}

/** Where a file's tokens are kept, and who hears of progress. */
export interface TokeniseContext {
  readonly cache?: ByteCache | undefined;
  /** Called now and then with the rows done so far. */
  readonly onProgress?: ((file: string, rows: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A tokenised file: its tokens, and its content's hash for the run's record. */
export interface TokenisedFile {
  readonly file: string;
  readonly sha256: string;
  readonly table: TokenTable;
}

/** Raised whenever the tokens of the same text may differ from those of an older version of this code. */
const TOKENS_VERSION = 1;
const ROWS_BETWEEN_REPORTS = 256;

function cacheKey(sha256: string, options: TokeniseOptions): string {
  const { form, tokenizer, maxLength, columns = [], maxRows = null } = options;
  const parts = [TOKENS_VERSION, sha256, tokenizer.hash, form, maxLength, columns, maxRows];
  return `tokens-${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/**
 * The tokens of a data file, from the cache where the same content was tokenised in the same way before. Rows that
 * have no supervised token (left) are dropped and counted; that all of them are is for the caller to judge, over all
 * files. InputError for everything wrong in the file.
 */
export async function tokeniseFile(
  file: string,
  options: TokeniseOptions,
  context: TokeniseContext = {},
): Promise<TokenisedFile> {
  const sha256 = await hashFile(file);
  // The ending says how the same bytes are read.
  const key = cacheKey(`${sha256}${file.slice(file.lastIndexOf('.')).toLowerCase()}`, options);
  const stored = await context.cache?.get(key);
  const cached = stored === undefined ? undefined : decodeTokenTable(stored);
  if (cached !== undefined) return { file, sha256, table: cached };
  const table = await tokeniseRows(file, options, context);
  await context.cache?.put(key, encodeTokenTable(table));
  return { file, sha256, table };
}

/** A row as a run takes it: cut, and whether anything is left to learn from. */
export interface CutRow {
  readonly ids: Int32Array;
  readonly supervised: Uint8Array;
  /** `dropped-by-cut`: the cut took every supervised token; `dropped-empty`: there never was one. */
  readonly outcome: 'kept' | 'dropped-by-cut' | 'dropped-empty';
}

/** Cuts a row to `maxLength` tokens, from the right. */
export function cutRow(whole: Pick<EncodedRow, 'ids' | 'supervised'>, maxLength: number): CutRow {
  const ids = whole.ids.subarray(0, maxLength);
  const supervised = whole.supervised.subarray(0, maxLength);
  if (supervisedCount({ supervised }) > 0) return { ids, supervised, outcome: 'kept' };
  return { ids, supervised, outcome: supervisedCount(whole) === 0 ? 'dropped-empty' : 'dropped-by-cut' };
}

async function tokeniseRows(
  file: string,
  options: TokeniseOptions,
  context: TokeniseContext,
): Promise<TokenTable> {
  const { maxLength, maxRows = Infinity } = options;
  const encode = rowEncoder(options.form, options.tokenizer);
  const builder = new TokenTableBuilder();
  const stats = { rows: 0, cut: 0, droppedByCut: 0, droppedEmpty: 0, shortestPrompt: 0 };
  for await (const row of readRows(file, { columns: options.columns })) {
    if (stats.rows === maxRows) break;
    if (stats.rows % ROWS_BETWEEN_REPORTS === 0) {
      context.signal?.throwIfAborted();
      context.onProgress?.(file, stats.rows);
    }
    stats.rows++;
    const whole = encode(row);
    const { ids, supervised, outcome } = cutRow(whole, maxLength);
    if (ids.length < whole.ids.length) stats.cut++;
    if (outcome === 'kept') builder.add(ids, supervised, row.line, whole.textHash);
    else if (outcome === 'dropped-empty') stats.droppedEmpty++;
    else {
      stats.droppedByCut++;
      const prompt = whole.supervised.indexOf(1, 1);
      stats.shortestPrompt = stats.droppedByCut === 1 ? prompt : Math.min(stats.shortestPrompt, prompt);
    }
  }
  return builder.build(stats);
}

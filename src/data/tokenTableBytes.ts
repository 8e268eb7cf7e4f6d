import type { TokenStats, TokenTable } from './tokenTable';

/** First bytes of a stored table; the last is the form's version. */
const MAGIC = [0x65, 0x6c, 0x74, 0x6b, 0x6e, 0x73, 0x00, 0x01];
const STATS = [
  'rows',
  'cut',
  'droppedByCut',
  'droppedEmpty',
  'shortestPrompt',
] as const satisfies (keyof TokenStats)[];
const HEADER_WORDS = MAGIC.length / 4 + STATS.length + 2;

/**
 * A table as bytes for the cache: magic, the statistics, the numbers of rows and tokens, then offsets, lines, hashes
 * and ids as little-endian 32-bit words, then one byte a token.
 */
export function encodeTokenTable(table: TokenTable): Uint8Array {
  const rows = table.lines.length;
  const tokens = table.ids.length;
  const words = HEADER_WORDS + (rows + 1) + rows + rows + tokens;
  const bytes = new Uint8Array(words * 4 + tokens);
  bytes.set(MAGIC);
  const header = new DataView(bytes.buffer);
  let at = MAGIC.length;
  for (const value of [...STATS.map((name) => table.stats[name]), rows, tokens]) {
    header.setUint32(at, value, true);
    at += 4;
  }
  for (const column of [table.offsets, table.lines, table.textHashes, table.ids]) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  bytes.set(table.supervised, at);
  return bytes;
}

/** The table that `encodeTokenTable` wrote; undefined for bytes that are not one (an older form, a damaged file). */
export function decodeTokenTable(bytes: Uint8Array): TokenTable | undefined {
  if (bytes.length < HEADER_WORDS * 4 || MAGIC.some((byte, i) => bytes[i] !== byte)) return undefined;
  // A copy that begins on a word, since what came from a cache may not.
  const own = bytes.slice();
  const header = new DataView(own.buffer);
  const value = (i: number): number => header.getUint32(MAGIC.length + 4 * i, true);
  const rows = value(STATS.length);
  const tokens = value(STATS.length + 1);
  if (own.length !== (HEADER_WORDS + 3 * rows + 1 + tokens) * 4 + tokens) return undefined;
  let at = HEADER_WORDS * 4;
  const words = (length: number): Uint32Array => {
    const column = new Uint32Array(own.buffer, at, length);
    at += column.byteLength;
    return column;
  };
  const offsets = words(rows + 1);
  const lines = words(rows);
  const textHashes = words(rows);
  const ids = new Int32Array(own.buffer, at, tokens);
  const supervised = own.subarray(at + ids.byteLength);
  if (offsets[0] !== 0 || offsets[rows] !== tokens) return undefined;
  for (let i = 0; i < rows; i++) if ((offsets[i] ?? 0) > (offsets[i + 1] ?? 0)) return undefined;
  const stats = {
    rows: value(0),
    cut: value(1),
    droppedByCut: value(2),
    droppedEmpty: value(3),
    shortestPrompt: value(4),
  };
  return { ids, supervised, offsets, lines, textHashes, stats };
}

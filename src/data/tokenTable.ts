import type { TokenRow } from './batch/tokenRow';

/** What became of a file's rows. */
export interface TokenStats {
  /** Rows read. */
  readonly rows: number;
  /** Rows longer than max_length, and cut. */
  readonly cut: number;
  /** Rows left out because the cut took everything supervised. */
  readonly droppedByCut: number;
  /** Rows left out because they never had a supervised token. */
  readonly droppedEmpty: number;
  /** Fewest tokens before the first supervised one among `droppedByCut`; 0 where there are none. */
  readonly shortestPrompt: number;
}

/** The kept rows of one file as tokens, in columns: a million rows are a few large arrays, not a million objects. */
export interface TokenTable {
  readonly ids: Int32Array;
  /** For each of `ids` 1 where it is a label. */
  readonly supervised: Uint8Array;
  /** `offsets[i]` to `offsets[i + 1]` are row i's tokens. */
  readonly offsets: Uint32Array;
  /** For each row the line it began on. */
  readonly lines: Uint32Array;
  /** For each row the hash of its text. */
  readonly textHashes: Uint32Array;
  readonly stats: TokenStats;
}

/** Row i of a table as a view, not a copy. */
export function tableRow(table: TokenTable, i: number, index: number): TokenRow {
  const start = table.offsets[i] ?? 0;
  const end = table.offsets[i + 1] ?? start;
  return { ids: table.ids.subarray(start, end), supervised: table.supervised.subarray(start, end), index };
}

/** Grows a table row by row. */
export class TokenTableBuilder {
  private ids = new Int32Array(1 << 16);
  private supervised = new Uint8Array(1 << 16);
  private used = 0;
  private readonly offsets: number[] = [0];
  private readonly lines: number[] = [];
  private readonly textHashes: number[] = [];

  add(ids: Int32Array, supervised: Uint8Array, line: number, textHash: number): void {
    const needed = this.used + ids.length;
    if (needed > this.ids.length) {
      const size = Math.max(needed, this.ids.length * 2);
      const grownIds = new Int32Array(size);
      grownIds.set(this.ids.subarray(0, this.used));
      this.ids = grownIds;
      const grownSupervised = new Uint8Array(size);
      grownSupervised.set(this.supervised.subarray(0, this.used));
      this.supervised = grownSupervised;
    }
    this.ids.set(ids, this.used);
    this.supervised.set(supervised, this.used);
    this.used = needed;
    this.offsets.push(needed);
    this.lines.push(line);
    this.textHashes.push(textHash);
  }

  build(stats: TokenStats): TokenTable {
    return {
      ids: this.ids.slice(0, this.used),
      supervised: this.supervised.slice(0, this.used),
      offsets: Uint32Array.from(this.offsets),
      lines: Uint32Array.from(this.lines),
      textHashes: Uint32Array.from(this.textHashes),
      stats,
    };
  }
}

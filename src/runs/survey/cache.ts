import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isRecord } from '../../base/guards';
import { AsyncTail } from '../tail';
import { decodeSummary } from './decodeSummary';
import type { RunSummary } from './summary';

/** What was known of a run, and of which state of its files. */
export interface CachedRun {
  readonly recordStamp: string;
  readonly userStamp: string;
  readonly summary: RunSummary;
}

/** The first line of the file: another version is not read. */
const HEADER = JSON.stringify({ eigenloom: 'runs', formatVersion: 2 });

/**
 * Tells what an earlier session knew. A file that is damaged, or of another version, is worth nothing: the
 * runs are read again.
 */
export async function readCache(file: string, found: (run: CachedRun) => void): Promise<void> {
  const decode = cachedRunDecoder();
  let first = true;
  for await (const { lines } of new AsyncTail(file).read()) {
    if (first && lines[0] !== HEADER) return;
    first = false;
    for (const line of lines) {
      const run = decode(line);
      if (run !== undefined) found(run);
    }
  }
}

/** How much (bytes) is written at once, but for a longer line. */
const PIECE = 64 << 10;

/** Writes what this session knows, whole or not at all, and in pieces that keep nobody waiting. */
export async function writeCache(file: string, runs: Iterable<CachedRun>): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await fs.mkdir(path.dirname(file), { recursive: true });
  try {
    const handle = await fs.open(draft, 'w');
    try {
      // One buffer for all: the lines of ten thousand runs would otherwise lie in memory twice before they are let go of.
      const piece = Buffer.allocUnsafe(PIECE);
      let filled = piece.write(`${HEADER}\n`);
      for (const run of runs) {
        const line = encodeCachedRun(run);
        // A character takes three bytes at most; to count them, all lines would be copied once more.
        const size = 3 * line.length + 1;
        if (filled + size > PIECE) {
          await handle.writeFile(piece.subarray(0, filled));
          filled = 0;
        }
        if (size > PIECE) {
          await handle.writeFile(`${line}\n`);
        } else {
          filled += piece.write(line, filled);
          filled += piece.write('\n', filled);
        }
      }
      await handle.writeFile(piece.subarray(0, filled));
    } finally {
      await handle.close();
    }
    await fs.rename(draft, file);
  } catch (thrown) {
    await fs.rm(draft, { force: true });
    throw thrown;
  }
}

/** The line for a run. */
export function encodeCachedRun(run: CachedRun): string {
  return JSON.stringify(run);
}

/** Reads lines of `encodeCachedRun`, undefined for what is none. What many runs say alike is kept once. */
export function cachedRunDecoder(): (line: string) => CachedRun | undefined {
  const texts = new Map<string, string>();
  const once = (text: string): string => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  return (line) => decodeLine(line, once);
}

function decodeLine(line: string, once: (text: string) => string): CachedRun | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { recordStamp, userStamp } = value;
  const summary = decodeSummary(value.summary, once);
  if (typeof recordStamp !== 'string' || typeof userStamp !== 'string' || summary === undefined) {
    return undefined;
  }
  return { recordStamp, userStamp, summary };
}

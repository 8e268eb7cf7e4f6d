import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isRecord } from '../../../base/guards';
import { AsyncTail } from '../../../runs/tail';
import { decodeSummary } from './decodeSummary';
import type { RunSummary } from './summary';

/** What was known of a run, and of which state of its files. */
export interface CachedRun {
  readonly recordStamp: string;
  readonly userStamp: string;
  readonly summary: RunSummary;
}

/** The first line of the file: another version is not read. */
const HEADER = JSON.stringify({ eigenloom: 'runs', formatVersion: 1 });

/**
 * Reads what an earlier session knew, by folder. A file that is damaged, or of another version, is worth nothing: the
 * runs are read again.
 */
export async function readCache(file: string): Promise<Map<string, CachedRun>> {
  const known = new Map<string, CachedRun>();
  let first = true;
  for await (const { lines } of new AsyncTail(file).read()) {
    if (first && lines[0] !== HEADER) return known;
    first = false;
    for (const line of lines) {
      const run = decodeLine(line);
      if (run !== undefined) known.set(run.summary.folder, run);
    }
  }
  return known;
}

/** How much (characters) is written at once. */
const PIECE = 256 << 10;

/** Writes what this session knows, whole or not at all, and in pieces that keep nobody waiting. */
export async function writeCache(file: string, runs: Iterable<CachedRun>): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await fs.mkdir(path.dirname(file), { recursive: true });
  try {
    const handle = await fs.open(draft, 'w');
    try {
      let piece = `${HEADER}\n`;
      for (const run of runs) {
        piece += `${JSON.stringify(run)}\n`;
        if (piece.length < PIECE) continue;
        await handle.writeFile(piece);
        piece = '';
      }
      await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
    await fs.rename(draft, file);
  } catch (thrown) {
    await fs.rm(draft, { force: true });
    throw thrown;
  }
}

function decodeLine(line: string): CachedRun | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { recordStamp, userStamp } = value;
  const summary = decodeSummary(value.summary);
  if (typeof recordStamp !== 'string' || typeof userStamp !== 'string' || summary === undefined) {
    return undefined;
  }
  return { recordStamp, userStamp, summary };
}

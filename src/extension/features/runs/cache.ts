import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isRecord } from '../../../base/guards';
import { errorCode } from '../../../runs/files';
import { decodeSummary } from './decodeSummary';
import { Breather } from './pool';
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
  const breather = new Breather();
  const [header, ...lines] = (await readText(file)).split('\n');
  if (header !== HEADER) return known;
  for (const line of lines) {
    const run = decodeLine(line);
    if (run !== undefined) known.set(run.summary.folder, run);
    await breather.breathe();
  }
  return known;
}

/** Writes what this session knows, whole or not at all. */
export async function writeCache(file: string, runs: Iterable<CachedRun>): Promise<void> {
  const breather = new Breather();
  const lines = [HEADER];
  for (const run of runs) {
    lines.push(JSON.stringify(run));
    await breather.breathe();
  }
  const draft = `${file}.${process.pid}.tmp`;
  await fs.mkdir(path.dirname(file), { recursive: true });
  try {
    await fs.writeFile(draft, `${lines.join('\n')}\n`);
    await fs.rename(draft, file);
  } catch (thrown) {
    await fs.rm(draft, { force: true });
    throw thrown;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return '';
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

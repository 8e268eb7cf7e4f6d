import * as fs from 'node:fs/promises';
import { decodeMetricLine } from '../../protocol/run/lines';
import { errorCode } from '../files';
import type { RunRecord } from '../../protocol/run/record';
import { type RunPaths, runPaths } from '../folder';
import { AsyncTail } from '../tail';
import { collectRecord, type RecordPart } from './collect';
import { MetricDigest } from './digest';

/** What tells whether a file has changed; empty for one that is not there. */
export async function stampOf(file: string): Promise<string> {
  try {
    // Each writing of `run.json` and `user.json` makes a new file: two within a tick of the clock differ by it.
    const { ino, size, mtimeMs } = await fs.stat(file);
    // Joined, it is one piece in memory; there are ten thousand of them.
    return [ino, size, mtimeMs].join(' ');
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw thrown;
  }
}

/**
 * How long (ms) no file that grows in a run has changed, by the times that they bear; none at all where those lie in
 * the future: a clock was set back, and they tell nothing.
 */
export async function silenceOf({ record, metrics, events }: RunPaths, now: number): Promise<number> {
  const stamps = await Promise.all([record, metrics, events].map(stampOf));
  const changed = stamps.map((stamp) => Number(stamp.split(' ')[2] ?? 0));
  return Math.max(0, now - Math.max(...changed));
}

/** Loaded with the first run that is read: what checks a whole record takes longer to load than the side bar. */
async function decodeRecord(file: string): Promise<RunRecord> {
  const text = await fs.readFile(file, 'utf8');
  const { decodeRunRecord } = await import('../../protocol/run/decode');
  return decodeRunRecord(JSON.parse(text), file);
}

/** Reads `run.json`. Throws `InputError` where it isn't a run's, `SyntaxError` where it isn't JSON. */
export async function readRecord({ record: file }: RunPaths): Promise<RecordPart> {
  return collectRecord(await decodeRecord(file));
}

/** All that `run.json` says; undefined where it cannot be read: it has been removed, or broken, just now. */
export async function readWholeRecord(folder: string): Promise<RunRecord | undefined> {
  const { record: file } = runPaths(folder);
  try {
    return await decodeRecord(file);
  } catch {
    return undefined;
  }
}

/** Metrics up to this size (bytes) are read whole. */
const READ_WHOLE = 512 << 10;
/** Of longer ones, how many places are looked at, and how much (bytes) there. */
const PLACES = 32;
const AT_EACH = 2 << 10;

/** What the metrics of a run that has ended come to. Long ones are sampled: their record has the figures that count. */
export async function digestMetrics({ metrics }: RunPaths): Promise<MetricDigest> {
  const size = Number((await stampOf(metrics)).split(' ')[1] ?? 0);
  if (size > READ_WHOLE) return sampleMetrics(metrics, size);
  let digest = new MetricDigest();
  for await (const { restarted, lines } of new AsyncTail(metrics).read()) {
    if (restarted) digest = new MetricDigest();
    addLines(digest, lines);
  }
  return digest;
}

/** Adds the metric lines of some text lines; what is no metric line is skipped. */
export function addLines(digest: MetricDigest, lines: readonly string[]): void {
  for (const text of lines) {
    const line = decodeMetricLine(text);
    if (line !== undefined) digest.add(line);
  }
}

async function sampleMetrics(file: string, size: number): Promise<MetricDigest> {
  const digest = new MetricDigest();
  const handle = await fs.open(file, 'r');
  try {
    const buffer = Buffer.alloc(AT_EACH);
    for (let place = 0; place < PLACES; place++) {
      const from = Math.floor((place * (size - AT_EACH)) / (PLACES - 1));
      const { bytesRead } = await handle.read(buffer, 0, AT_EACH, from);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      // Where a place begins and ends, a line may be torn.
      const whole = lines.slice(from === 0 ? 0 : 1, -1);
      addLines(digest, place === PLACES - 1 ? whole : whole.slice(0, 1));
    }
  } finally {
    await handle.close();
  }
  return digest;
}

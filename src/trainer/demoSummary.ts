import type { RunRecord } from '../protocol/run/record';
import type { RunPaths } from '../runs/folder';
import { formatNumber, formatSpan, formatTable } from './cli/format';

/**
 * What came of a run, as lines for a person: evaluation loss before and after, what was trained, the time, and where
 * the run lies. A fact that was not recorded is left out.
 */
export function summariseRun(record: RunRecord, paths: Pick<RunPaths, 'folder' | 'adapter'>): string[] {
  const { first_eval: before, last_eval: after, facts } = record;
  const rows: string[][] = [];
  if (before !== undefined && after !== undefined) {
    const arrow = (from: number, to: number): string => `${formatNumber(from)} → ${formatNumber(to)}`;
    rows.push(['evaluation loss', arrow(before.loss, after.loss)]);
    rows.push(['perplexity', arrow(before.perplexity, after.perplexity)]);
  }
  const trained = describeTrained(record);
  if (trained !== undefined) rows.push(['trained', trained]);
  const seconds = secondsBetween(record.started, record.ended);
  if (seconds !== undefined)
    rows.push(['time', `${formatSpan(seconds)} (min:s), ${record.last?.step ?? 0} steps`]);
  rows.push(['run', paths.folder]);
  if (facts?.adapter_bytes !== undefined) {
    rows.push(['adapter', `${paths.adapter} (${Math.round(facts.adapter_bytes / 1000)} KB, in PEFT's form)`]);
  }
  return formatTable(rows);
}

/** The trainable numbers, phase by phase where they shrink. */
function describeTrained({ facts }: RunRecord): string | undefined {
  const [first, ...later] = facts?.phases ?? [];
  if (first === undefined) return facts?.trainable === undefined ? undefined : count(facts.trainable);
  const shrinking = later.map(
    ({ trainable, from_step: step }) => `, ${count(trainable)} from step ${step} on`,
  );
  return `${count(first.trainable)} parameters${shrinking.join('')}`;
}

/** `1,185,152`. */
function count(value: number): string {
  return value.toLocaleString('en-US');
}

function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

import type { RunRecord } from '../../../protocol/run/record';
import { isRecord } from '../../../base/guards';
import { durationOf } from './query/match';
import { sparkline } from './sparkline';
import { isActive, type RunSummary } from '../../../runs/survey/summary';
import { formatCount, formatNumber, formatSpan, formatSteps } from './words';

/**
 * All that is known of a run, as Markdown. `record` adds what a summary leaves out; it may be missing. Texts from the
 * run are escaped: a name is shown as it is.
 */
export function tooltipOf(run: RunSummary, record: RunRecord | undefined, now: number): string {
  const title = `**${escapeMarkdown(run.label)}**${run.starred ? ' ★' : ''}`;
  const rows = [...stateRows(run, now), ...modelRows(run, record), ...placeRows(run, record)];
  const table = ['| | |', '|---|---|', ...rows.map(([key, value]) => `| ${key} | ${value} |`)].join('\n');
  // What its user says of it comes first: a long tooltip is cut at its end.
  const parts = [title, ...(run.note === '' ? [] : [escapeMarkdown(run.note)]), table];
  const spark = sparkline(run.spark, 24);
  if (spark !== '') parts.push(`loss ${spark}`);
  if (run.error !== undefined) parts.push(escapeMarkdown(run.error));
  return parts.join('\n\n');
}

type Row = readonly [key: string, value: string];

function stateRows(run: RunSummary, now: number): Row[] {
  const { lastEval, bestEval } = run;
  const duration = durationOf(run, now);
  const at = ({ step, loss }: { step: number; loss: number }): string =>
    `${formatNumber(loss)} at step ${step}`;
  return present([
    ['tags', escapeMarkdown(run.tags.join(', '))],
    ['status', run.status ?? 'not read yet'],
    ['steps', formatSteps(run).replace(/^step /u, '')],
    ['doing', run.activity === undefined ? '' : escapeMarkdown(run.activity)],
    ['left', isActive(run) && run.secondsLeft !== undefined ? formatSpan(run.secondsLeft) : ''],
    ['training loss', run.loss === undefined ? '' : formatNumber(run.loss)],
    ['evaluation loss', lastEval === undefined ? '' : at(lastEval)],
    ['best evaluation', bestEval === undefined ? '' : at(bestEval)],
    ['duration', duration === undefined ? '' : formatSpan(duration / 1000)],
  ]);
}

function modelRows(run: RunSummary, record: RunRecord | undefined): Row[] {
  const config = isRecord(record?.config) ? record.config : {};
  const model = typeof config.model === 'string' ? config.model : run.model;
  const { device } = record?.facts ?? {};
  const why = device === undefined ? '' : ` (${device.reason})`;
  return present([
    ['experiment', escapeMarkdown(run.experiment)],
    ['model', escapeMarkdown(model)],
    ['method', escapeMarkdown(run.method + (run.rank === undefined ? '' : `, rank ${run.rank}`))],
    ['trained numbers', run.trainable === undefined ? '' : formatCount(run.trainable)],
    ['device', run.device === undefined ? '' : escapeMarkdown(run.device + why)],
    ['changed', escapeMarkdown(record?.source.overrides.join(', ') ?? '')],
  ]);
}

function placeRows(run: RunSummary, record: RunRecord | undefined): Row[] {
  return present([
    ['made', new Date(run.created).toLocaleString()],
    ['ended', run.ended === undefined ? '' : new Date(run.ended).toLocaleString()],
    ['machine', escapeMarkdown(record?.machine?.hostname ?? '')],
    ['run', escapeMarkdown(run.id)],
  ]);
}

function present(rows: readonly Row[]): Row[] {
  return rows.filter(([, value]) => value !== '');
}

/** A text as Markdown shows it as it is, on one line of a table. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+\-.!|<>~$&]/gu, '\\$&').replaceAll(/\s*\n\s*/gu, ' ');
}

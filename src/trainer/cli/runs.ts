import { basename, resolve } from 'node:path';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { decodeRunRecord, unknownFields } from '../../protocol/run/decode';
import type { RunRecord } from '../../protocol/run/record';
import { differences } from '../../runs/diff';
import { findRun, type FoundRun, listRuns, readRun, removeRun } from '../../runs/store';
import { formatNumber, formatTable } from './format';
import type { Terminal } from './terminal';

/** The options of `eigenloom runs …`. */
export interface RunsOptions {
  readonly runs: string;
  readonly json: boolean;
}

type Run = FoundRun<RunRecord>;

/** Lists the runs, the newest first. Broken ones are named on standard error and hide no other. */
export function listCommand({ runs: root, json }: RunsOptions, terminal: Terminal): void {
  const { runs, broken } = listRuns(resolve(root), decodeRunRecord);
  for (const { error } of broken) terminal.note(`warning: ${error.message}`);
  if (json) {
    for (const run of runs) terminal.print(JSON.stringify(summary(run)));
    return;
  }
  if (runs.length === 0) {
    terminal.note(`no runs in ${root}`);
    return;
  }
  const rows = runs.map(({ paths, record, status }) => [
    basename(paths.folder),
    status,
    methodOf(record),
    `${record.last?.step ?? 0}${record.facts?.total_steps === undefined ? '' : `/${record.facts.total_steps}`}`,
    record.last === undefined ? '-' : formatNumber(record.last.loss),
    record.best_eval === undefined ? '-' : formatNumber(record.best_eval.loss),
  ]);
  for (const line of formatTable([['run', 'status', 'method', 'step', 'loss', 'best eval'], ...rows])) {
    terminal.print(line);
  }
}

/** Prints what is recorded of one run. */
export function showCommand(reference: string, options: RunsOptions, terminal: Terminal): void {
  const run = find(reference, options);
  const unknown = unknownFields(run.record);
  if (unknown.length > 0) terminal.note(`warning: fields of another version: ${unknown.join(', ')}`);
  const { record, status, paths } = run;
  if (options.json) {
    terminal.print(JSON.stringify({ ...record, status, run: paths.folder }));
    return;
  }
  const { config, error, ...rest } = record;
  const rows = [['run', paths.folder], ...leaves({ ...rest, status }), ...leaves({ config })];
  for (const line of formatTable(rows)) terminal.print(line);
  if (error !== undefined) terminal.print(`error: ${error.message}`);
}

/** Prints in which keys of their experiments two runs differ, and how each went. */
export function diffCommand(a: string, b: string, options: RunsOptions, terminal: Terminal): void {
  const runs = [find(a, options), find(b, options)] as const;
  const [first, second] = runs.map(({ record, status }) => ({
    config: record.config,
    hashes: record.facts?.hashes,
    status,
    last: record.last,
    best_eval: record.best_eval,
    trainable: record.facts?.trainable,
  }));
  const found = differences(first, second);
  if (options.json) {
    terminal.print(
      JSON.stringify(found.map(({ key, a: left, b: right }) => ({ key, a: left ?? null, b: right ?? null }))),
    );
    return;
  }
  const rows = found.map(({ key, a: left, b: right }) => [
    key.replace(/^config\./u, ''),
    cell(left),
    cell(right),
  ]);
  for (const line of formatTable([['', ...runs.map(({ paths }) => basename(paths.folder))], ...rows])) {
    terminal.print(line);
  }
}

/** Removes a run for good. */
export function removeCommand(reference: string, options: RunsOptions, terminal: Terminal): void {
  const folder = findRun(reference, resolve(options.runs));
  removeRun(folder);
  terminal.note(`removed ${folder}`);
}

function find(reference: string, { runs }: RunsOptions): Run {
  return readRun(findRun(reference, resolve(runs)), decodeRunRecord);
}

function summary({ paths, record, status }: Run): Record<string, unknown> {
  return {
    run: paths.folder,
    id: record.id,
    name: record.name,
    status,
    method: methodOf(record),
    created: record.created,
    total_steps: record.facts?.total_steps,
    last: record.last,
    best_eval: record.best_eval,
  };
}

function methodOf({ config }: RunRecord): string {
  const adapter = isRecord(config) ? config.adapter : undefined;
  return isRecord(adapter) && typeof adapter.method === 'string' ? adapter.method : '-';
}

function leaves(value: unknown, prefix = ''): string[][] {
  if (!isRecord(value)) return [[prefix, cell(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, prefix === '' ? key : `${prefix}.${key}`),
  );
}

function cell(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : show(value);
}

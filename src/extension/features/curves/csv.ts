import { metricStyle, sortMetrics } from '../../../protocol/panels/metrics';
import type { Look } from '../../../protocol/panels/curves';
import { csvLine } from '../../csvLines';
import type { Breath } from '../../../runs/breath';
import { lowerBound } from './column';
import type { MetricColumn, MetricTable } from './metricTable';
import type { RunTables } from './runTables';

/** A run that goes into a CSV file. */
export interface CsvRun {
  /** What tells it from the others. */
  readonly name: string;
  readonly tables: RunTables;
}

/** One column of the file: a metric of a run. */
interface CsvColumn {
  readonly title: string;
  readonly table: MetricTable;
  readonly metric: MetricColumn;
}

/** A table that is walked through, and its rows that are in range. */
interface Cursor {
  row: number;
  readonly end: number;
}

/** Rows made between two looks at the clock. */
const ROWS = 500;

/**
 * A row for each step of the runs in the look's range, and a column for each run and metric: every value, not only the
 * points that are drawn. RFC 4180: commas, quotes where they are needed, CRLF.
 */
export async function csvText(runs: readonly CsvRun[], look: Look, breath: Breath): Promise<string> {
  const columns = csvColumns(runs, look);
  const cursors = new Map(columns.map(({ table }) => [table, cursor(table, look)]));
  const pieces = [csvLine(['step', ...columns.map(({ title }) => title)])];
  for (let rows = 1; ; rows++) {
    let step = Infinity;
    for (const [table, { row, end }] of cursors) {
      if (row < end) step = Math.min(step, table.axes.step.at(row));
    }
    if (step === Infinity) return pieces.join('');
    const cells = columns.map(({ table, metric }) => {
      const { row, end } = cursors.get(table) ?? { row: 0, end: 0 };
      if (row >= end || table.axes.step.at(row) !== step) return '';
      const value = metric.column.at(row);
      return Number.isNaN(value) ? '' : String(value);
    });
    for (const [table, at] of cursors) if (at.row < at.end && table.axes.step.at(at.row) === step) at.row++;
    pieces.push(`${[step, ...cells].join(',')}\r\n`);
    if (rows % ROWS === 0) await breath.take();
  }
}

function csvColumns(runs: readonly CsvRun[], look: Look): CsvColumn[] {
  const metrics = sortMetrics(
    runs.flatMap(({ tables }) => [...tables.train.metrics, ...tables.eval.metrics].map(([name]) => name)),
  ).filter((name) => !look.hidden.includes(name));
  return metrics.flatMap((name) =>
    runs.flatMap(({ name: run, tables }) =>
      (['train', 'eval'] as const).flatMap((split) => {
        const table = tables[split];
        const metric = table.metric(name);
        const title = `${run}: ${split} ${metricStyle(name).title.toLowerCase()}`;
        return metric === undefined ? [] : [{ title, table, metric }];
      }),
    ),
  );
}

function cursor(table: MetricTable, { x, range }: Look): Cursor {
  const { values } = table.axes[x];
  if (range === null) return { row: 0, end: values.length };
  let end = lowerBound(values, range[1]);
  while (end < values.length && values[end] === range[1]) end++;
  return { row: lowerBound(values, range[0]), end };
}

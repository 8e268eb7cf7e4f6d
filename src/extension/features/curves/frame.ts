import type { Look, RunFrame, SeriesFrame } from '../../../protocol/panels/curves';
import { metricStyle } from '../../../protocol/panels/metrics';
import type { RunFacts } from '../../../protocol/run/record';
import type { Breath } from '../../../runs/breath';
import { lowerBound } from './column';
import { decimate, type Points, type Window } from './decimate';
import type { MetricColumn, MetricTable } from './metricTable';
import { quantiles } from './quantile';
import type { RunTables } from './runTables';

/** What lies outside is an outlier. */
const CLIP = 0.01;

/** The points of a run as a look sees them. */
export async function buildFrame(
  folder: string,
  tables: RunTables,
  phases: RunFacts['phases'],
  look: Look,
  breath: Breath,
): Promise<RunFrame> {
  const extent = tables.extent(look.x);
  const [from, to] = look.range ?? extent ?? [0, 1];
  const window: Window = { from, to, logX: look.logX };
  const series: SeriesFrame[] = [];
  for (const split of ['train', 'eval'] as const) {
    const table = tables[split];
    for (const [name, metric] of [...table.metrics]) {
      if (metric.count === 0) continue;
      await breath.take();
      // The file may have been replaced in the meantime.
      if (metric.count === 0 || table.metric(name) !== metric) continue;
      const frame = seriesFrame(split, name, table, metric, look, window);
      // Evaluations are few and far apart: an average of them would only lag behind.
      const exact = split === 'eval' || metricStyle(name).exact === true;
      if (look.smoothing === 0 || exact || look.hidden.includes(name)) {
        series.push(frame);
        continue;
      }
      await breath.take();
      const averages = metric.smoothed(look.smoothing);
      await breath.take();
      series.push({ ...frame, smooth: decimate(table.axes[look.x].values, averages, window) });
    }
  }
  return {
    folder,
    ...(extent === undefined ? {} : { extent }),
    phases: (phases ?? []).map(({ name, from_step: step, trainable }) => ({
      name,
      from: tables.place(step, look.x),
      trainable,
    })),
    series,
  };
}

function seriesFrame(
  split: 'train' | 'eval',
  name: string,
  table: MetricTable,
  metric: MetricColumn,
  look: Look,
  window: Window,
): SeriesFrame {
  const facts = {
    split,
    metric: name,
    count: metric.count,
    last: table.point(look.x, metric, metric.last),
    lowest: table.point(look.x, metric, metric.lowest),
    highest: table.point(look.x, metric, metric.highest),
  };
  if (look.hidden.includes(name)) return { ...facts, ...noPoints() };
  const xs = table.axes[look.x].values;
  const points = decimate(xs, metric.column.values, window);
  const bounds = quantiles(
    metric.column.values,
    lowerBound(xs, window.from),
    lowerBound(xs, window.to) + 1,
    CLIP,
    1 - CLIP,
  );
  return {
    ...facts,
    ...points,
    ...(bounds === undefined ? {} : { bounds }),
  };
}

function noPoints(): Points {
  return { xs: new Float64Array(0), ys: new Float64Array(0) };
}

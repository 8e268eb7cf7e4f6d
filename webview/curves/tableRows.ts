import type { SeriesFrame } from '../../src/protocol/panels/curves';
import { metricStyle } from '../../src/protocol/panels/metrics';
import { formatValue } from '../kit/format';
import { isChartShown, metricsOf, shownRuns, type State } from './state';

/** A row of the table: one metric of one run. */
export interface TableRow {
  readonly run: string;
  readonly metric: string;
  readonly cells: readonly string[];
}

/** What the charts show, as numbers. */
export function tableRows(state: State): TableRow[] {
  const metrics = metricsOf(state.frames.values()).filter((metric) => isChartShown(state.view, metric));
  return metrics.flatMap((metric) =>
    shownRuns(state).flatMap((run) => {
      const all = state.frames.get(run.folder)?.series ?? [];
      return all
        .filter((series) => series.metric === metric)
        .map((series) => ({
          run: run.name,
          metric: `${metricStyle(metric).title}, ${series.split}`,
          cells: cellsOf(series),
        }));
    }),
  );
}

function cellsOf({ metric, last, lowest, highest, count }: SeriesFrame): string[] {
  const { better } = metricStyle(metric);
  const best = better === undefined ? undefined : better === 'lower' ? lowest : highest;
  return [
    formatValue(last.y),
    formatValue(last.step),
    best === undefined ? '–' : formatValue(best.y),
    best === undefined ? '–' : formatValue(best.step),
    formatValue(lowest.y),
    formatValue(highest.y),
    formatValue(count),
  ];
}

import type { RunFrame, SeriesFrame, XAxis } from '../../src/protocol/panels/curves';
import { metricStyle } from '../../src/protocol/panels/metrics';
import type { Figure, FigureBand, FigureLine, FigureNote, FigureStrength } from '../kit/figure';
import { formatTick, formatValue } from '../kit/format';
import type { Mark } from '../kit/palette';
import type { NamedRun } from '../../src/protocol/panels/runNames';
import { extentOf, headRun, isChartShown, metricsOf, shownRuns, type State } from './state';

/** What the x axis is called. */
export const AXES: Readonly<Record<XAxis, string>> = {
  step: 'Step',
  tokens: 'Tokens',
  seconds: 'Seconds of training',
};

/** From how many runs on the points have no labels: they would hide the curves. */
const LABELLED = 4;

/** The charts of what is shown, in their order. */
export function figuresOf(state: State, marks: ReadonlyMap<string, Mark>): Figure[] {
  const { view, frames } = state;
  const x = xAxis(state);
  const head = headRun(state);
  const headFrame = head === undefined ? undefined : frames.get(head.folder);
  const bands = headFrame === undefined ? [] : bandsOf(headFrame);
  const strength = headFrame === undefined || bands.length === 0 ? undefined : strengthOf(headFrame);
  return metricsOf(frames.values())
    .filter((metric) => isChartShown(view, metric))
    .map((metric) => {
      const style = metricStyle(metric);
      const parts = partsOf(state, metric, marks);
      const y = yAxis(
        parts.map(({ series }) => series),
        view,
        x,
      );
      return {
        key: metric,
        title: style.title,
        unit: style.unit ?? '',
        large: metric === 'loss',
        lines: parts.map(lineOf),
        notes: notesOf(parts, style.better, x),
        bands,
        strength,
        x,
        y,
        description: describe(style.title, parts, AXES[view.x]),
      };
    });
}

/** One series of one run, and how it is drawn. */
interface Part {
  readonly run: NamedRun;
  readonly series: SeriesFrame;
  readonly mark: Mark;
}

function partsOf(state: State, metric: string, marks: ReadonlyMap<string, Mark>): Part[] {
  return shownRuns(state).flatMap((run) => {
    const mark = marks.get(run.folder);
    const all = state.frames.get(run.folder)?.series ?? [];
    return mark === undefined
      ? []
      : all.filter((series) => series.metric === metric).map((series) => ({ run, series, mark }));
  });
}

function lineOf({ run, series, mark }: Part): FigureLine {
  const isEval = series.split === 'eval';
  const smooth = series.smooth;
  const raw = { xs: series.xs, ys: series.ys };
  return {
    owner: run.folder,
    label: isEval ? `${run.name}, eval` : run.name,
    colour: mark.colour,
    dash: mark.dash,
    point: mark.point,
    points: isEval,
    ...(smooth ?? raw),
    ...(smooth === undefined ? {} : { raw }),
  };
}

function xAxis(state: State): Figure['x'] {
  const { view } = state;
  const [low, high] = view.range ?? extentOf(state) ?? [0, 1];
  const min = view.logX ? Math.max(low, smallestPositive(state)) : low;
  return { min, max: high > min ? high : min + 1, log: view.logX, title: AXES[view.x] };
}

/** Where a logarithmic axis begins: it has no 0. */
function smallestPositive({ frames }: State): number {
  let least = Infinity;
  for (const { series } of frames.values()) {
    for (const { xs } of series) {
      const found = xs.find((x) => x > 0);
      if (found !== undefined) least = Math.min(least, found);
    }
  }
  return Number.isFinite(least) ? least : 1;
}

/** The y axis that holds all points, or all but the outliers, with a little room. */
function yAxis(all: readonly SeriesFrame[], { logY: log, clip }: State['view'], x: Figure['x']): Figure['y'] {
  let min = Infinity;
  let max = -Infinity;
  const add = (value: number): void => {
    if (!Number.isFinite(value) || (log && value <= 0)) return;
    min = Math.min(min, value);
    max = Math.max(max, value);
  };
  for (const { bounds, xs, ys, split } of all) {
    // Few values have no outliers.
    if (clip && split === 'train' && bounds !== undefined) bounds.forEach(add);
    else {
      // A point on either side of what is seen is there for the line alone.
      ys.forEach((y, index) => {
        const place = xs[index] ?? NaN;
        if (place >= x.min && place <= x.max) add(y);
      });
    }
  }
  if (min > max) return log ? { min: 0.1, max: 10, log } : { min: 0, max: 1, log };
  if (log) {
    const room = min === max ? 2 : (max / min) ** 0.05;
    return { min: min / room, max: max * room, log };
  }
  const room = min === max ? Math.abs(min) * 0.1 || 1 : (max - min) * 0.06;
  // A scale of what is never negative does not go below 0 for the room alone.
  return { min: min >= 0 ? Math.max(0, min - room) : min - room, max: max + room, log };
}

function notesOf(
  parts: readonly Part[],
  better: 'lower' | 'higher' | undefined,
  x: Figure['x'],
): FigureNote[] {
  if (new Set(parts.map(({ run }) => run.folder)).size > LABELLED) return [];
  return parts.flatMap(({ run, series, mark }) => {
    const { metric, split } = series;
    const note = (kind: FigureNote['kind'], point: { x: number; y: number }, text: string): FigureNote[] =>
      point.x < x.min || point.x > x.max
        ? []
        : [{ owner: run.folder, kind, x: point.x, y: point.y, text, colour: mark.colour }];
    const smooth = series.smooth?.ys.at(-1);
    const last = smooth === undefined ? series.last : { ...series.last, y: smooth };
    const marked = better === 'lower' && (metric === 'loss' || metric === 'perplexity');
    // The best evaluation is what a run is chosen by; without evaluations the best step is.
    const best =
      marked && (split === 'eval' || !parts.some((one) => one.run === run && one.series.split === 'eval'));
    const isLastBest = series.lowest.step === series.last.step;
    return [
      ...(best ? note('best', series.lowest, `best ${formatValue(series.lowest.y)}`) : []),
      ...(best && isLastBest ? [] : note('last', last, formatTick(last.y))),
    ];
  });
}

function bandsOf({ phases, extent }: RunFrame): FigureBand[] {
  const end = extent?.[1] ?? 0;
  // One phase is no news.
  if (phases.length < 2) return [];
  return phases.map(({ name, from }, index) => ({
    from,
    to: phases[index + 1]?.from ?? end,
    label: name,
  }));
}

/** What part of the parameters is still trained, over the x axis: while columns freeze, it falls. */
function strengthOf({ series }: RunFrame): FigureStrength | undefined {
  const found = series.find(({ metric, split }) => metric === 'trainable' && split === 'train');
  if (found === undefined || found.xs.length === 0 || !(found.highest.y > 0)) return undefined;
  return { xs: found.xs, shares: found.ys.map((count) => count / found.highest.y) };
}

function describe(title: string, parts: readonly Part[], axis: string): string {
  const said = parts.map(({ run, series: { split, last, lowest, count } }) => {
    const of = split === 'eval' ? `${run.name} (eval)` : run.name;
    return `${of}: ${count} ${count === 1 ? 'value' : 'values'}, last ${formatValue(last.y)} at step ${last.step}, lowest ${formatValue(lowest.y)} at step ${lowest.step}`;
  });
  return `${title} over ${axis.toLowerCase()}. ${said.length === 0 ? 'No values yet' : said.join('; ')}.`;
}

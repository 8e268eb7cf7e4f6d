import type {
  CurveRun,
  CurvesList,
  CurvesPatch,
  Look,
  RunFrame,
  SavedCurves,
} from '../../src/protocol/panels/curves';
import { HIDDEN_METRICS, metricStyle, sortMetrics } from '../../src/protocol/panels/metrics';
import { distinctNames, type NamedRun } from '../../src/protocol/panels/runNames';

/** How the runs are looked at. */
export type View = Omit<SavedCurves, 'version' | 'list'>;

/** All that the page shows; never changed, always replaced. */
export interface State {
  /** False until the host has answered for the first time. */
  readonly loaded: boolean;
  readonly list: CurvesList;
  readonly order: readonly string[];
  readonly runs: ReadonlyMap<string, NamedRun>;
  readonly frames: ReadonlyMap<string, RunFrame>;
  readonly view: View;
  /** Counts the looks that have been asked for. */
  readonly look: number;
  /** The run that the header tells of, where the user has chosen one. */
  readonly selected: string | undefined;
}

const VIEW: View = {
  charts: {},
  x: 'step',
  logX: false,
  logY: false,
  clip: false,
  smoothing: 0.6,
  range: null,
  table: false,
};

/** The state of a page that has just been opened, with the view it had before. */
export function initialState(saved: SavedCurves | undefined): State {
  return {
    loaded: false,
    list: saved?.list ?? { pinned: false, added: [], removed: [], choices: {} },
    order: [],
    runs: new Map(),
    frames: new Map(),
    view: viewOf(saved ?? VIEW),
    look: 0,
    selected: undefined,
  };
}

function viewOf({ charts, x, logX, logY, clip, smoothing, range, table }: View): View {
  return { charts, x, logX, logY, clip, smoothing, range, table };
}

/** With what the host says is new. Frames of an earlier look are out of date already. */
export function applyPatch(state: State, patch: CurvesPatch, now = new Date()): State {
  const keep = <T>(
    before: ReadonlyMap<string, T>,
    news: readonly (readonly [string, T])[],
  ): Map<string, T> => {
    const all = new Map([...before, ...news]);
    for (const folder of all.keys()) if (!patch.order.includes(folder)) all.delete(folder);
    return all;
  };
  const known = [
    ...keep<CurveRun>(
      state.runs,
      patch.runs.map((run) => [run.folder, run]),
    ).values(),
  ];
  // All anew: a run that comes or goes changes what is enough to tell the others apart.
  const names = distinctNames(known, now);
  const runs = new Map(known.map((run, index) => [run.folder, { ...run, name: names[index] ?? run.label }]));
  const fresh = patch.look === state.look ? patch.frames : [];
  const frames = keep(
    state.frames,
    fresh.map((frame) => [frame.folder, frame]),
  );
  for (const folder of frames.keys()) if (runs.get(folder)?.shown !== true) frames.delete(folder);
  // Another experiment has other steps: a part of the axis means nothing there.
  const moved = state.loaded && patch.list.source !== state.list.source;
  return {
    ...state,
    loaded: true,
    list: patch.list,
    order: patch.order,
    runs,
    frames,
    view: moved ? { ...state.view, range: null } : state.view,
    selected: state.selected !== undefined && runs.has(state.selected) ? state.selected : undefined,
  };
}

/** With another view; a look is asked for anew where other points are needed. */
export function changeView(state: State, change: Partial<View>): State {
  const view = { ...state.view, ...change };
  const before = lookOf(state);
  const next = { ...state, view };
  const after = lookOf(next);
  return JSON.stringify(before) === JSON.stringify(after) ? next : { ...next, look: state.look + 1 };
}

/** What is asked of the host for the view. */
export function lookOf({ view, look, frames }: State): Look {
  const known = metricsOf(frames.values());
  return {
    id: look,
    x: view.x,
    logX: view.logX,
    range: view.range,
    smoothing: view.smoothing,
    hidden: [...new Set([...HIDDEN_METRICS, ...known, ...Object.keys(view.charts)])]
      .filter((metric) => !isChartShown(view, metric))
      .sort(),
  };
}

/** Whether a metric's chart is there: as the user has said, or as is usual. */
export function isChartShown(view: View, metric: string): boolean {
  return view.charts[metric] ?? metricStyle(metric).shown;
}

/** The metrics that frames have, in the order of their charts. */
export function metricsOf(frames: Iterable<RunFrame>): string[] {
  return sortMetrics([...frames].flatMap(({ series }) => series.map(({ metric }) => metric)));
}

/** The runs that are shown, in their order. */
export function shownRuns({ order, runs }: State): NamedRun[] {
  return order.flatMap((folder) => {
    const run = runs.get(folder);
    return run?.shown === true ? [run] : [];
  });
}

/** The run that the header tells of: the chosen one, else one at work, else the first that is shown. */
export function headRun(state: State): NamedRun | undefined {
  const chosen = state.selected === undefined ? undefined : state.runs.get(state.selected);
  const shown = shownRuns(state);
  return chosen ?? shown.find(({ active }) => active) ?? shown[0];
}

/** The whole x axis of what is shown; undefined where there is nothing. */
export function extentOf({ frames }: Pick<State, 'frames'>): [number, number] | undefined {
  const ends = [...frames.values()].flatMap(({ extent }) => extent ?? []);
  return ends.length === 0 ? undefined : [Math.min(...ends), Math.max(...ends)];
}

/** What is written down, so that the panel comes back as it is. */
export function savedOf({ list, view }: State): SavedCurves {
  return { version: 1, list, ...view };
}

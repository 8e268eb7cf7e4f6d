import { join, sep } from 'node:path';
import { assertNever } from '../../../base/errors';
import { sourceKey } from './bySource';
import { durationOf, numberOf } from './query/match';
import { isActive, type RunSummary } from '../../../runs/survey/summary';
import { dayOf } from './words';

/** What runs are put together by. */
export const GROUPINGS = ['experiment', 'day', 'method', 'status'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What runs stand in order of, the best or newest first. */
export const ORDERS = ['newest', 'name', 'loss', 'duration'] as const;
export type Order = (typeof ORDERS)[number];

/** Runs that belong together. */
export interface RunGroup {
  /** Tells it from all others; stays as runs come and go. */
  readonly key: string;
  readonly label: string;
  readonly runs: readonly RunSummary[];
  readonly active: number;
  /** The lowest loss: of an evaluation, where any run has one. */
  readonly bestLoss: number | undefined;
}

/** Puts runs (the newest first) in order: the lowest loss first, the longest duration. Those without the figure come last; equals stay the newest first. */
export function sortRuns(runs: readonly RunSummary[], order: Order, now: number): readonly RunSummary[] {
  switch (order) {
    case 'newest':
      return runs;
    case 'name':
      return [...runs].sort((a, b) => COLLATOR.compare(a.label, b.label));
    case 'loss':
      return byFigure(runs, (run) => numberOf('loss', run, now));
    case 'duration':
      return byFigure(runs, (run) => {
        const duration = durationOf(run, now);
        return duration === undefined ? undefined : -duration;
      });
    default:
      return assertNever(order);
  }
}

/** Names with numbers in them in the order of the numbers. */
const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function byFigure(
  runs: readonly RunSummary[],
  figure: (run: RunSummary) => number | undefined,
): RunSummary[] {
  const figures = new Map(runs.map((run) => [run, figure(run) ?? Infinity]));
  return [...runs].sort((a, b) => {
    const [x = Infinity, y = Infinity] = [figures.get(a), figures.get(b)];
    return x === y ? 0 : x - y;
  });
}

/** A folder of the workspace. */
export interface Place {
  readonly name: string;
  readonly path: string;
}

/**
 * Puts runs into groups; within one they keep their order. The group of the newest run comes first. Where the workspace
 * has several folders, experiments of the same name in two of them are two.
 */
export function groupRuns(
  runs: readonly RunSummary[],
  grouping: Grouping,
  now: number,
  places: readonly Place[] = [],
): RunGroup[] {
  const groups = new Map<string, { label: string; place: string; runs: RunSummary[]; newest: number }>();
  const apart = grouping === 'experiment' && places.length > 1 ? places : [];
  for (const run of runs) {
    const own = groupOf(run, grouping, now);
    const place = placeOf(run, apart);
    const key = place === undefined ? own.key : `${own.key}\0${place.path}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { label: own.label, place: place?.name ?? '', runs: [run], newest: run.created });
    } else {
      group.runs.push(run);
      group.newest = Math.max(group.newest, run.created);
    }
  }
  const labels = new Map<string, number>();
  for (const { label } of groups.values()) labels.set(label, (labels.get(label) ?? 0) + 1);
  return [...groups]
    .sort(([, a], [, b]) => b.newest - a.newest)
    .map(([key, group]) => ({
      key: `${grouping}:${key}`,
      label:
        group.place !== '' && labels.get(group.label) !== 1 ? `${group.label} — ${group.place}` : group.label,
      runs: group.runs,
      active: group.runs.filter(isActive).length,
      bestLoss: bestOf(group.runs),
    }));
}

/** The workspace folder that a run lies in; where its runs folder lies elsewhere, that of its experiment. */
function placeOf({ folder, source }: RunSummary, places: readonly Place[]): Place | undefined {
  const around = (file: string): Place | undefined =>
    places.find(({ path }) => sourceKey(file).startsWith(sourceKey(join(path, sep))));
  return around(folder) ?? around(source);
}

function groupOf(run: RunSummary, grouping: Grouping, now: number): { key: string; label: string } {
  switch (grouping) {
    case 'experiment':
      return { key: run.experiment, label: run.experiment };
    case 'day': {
      const day = dayOf(run.created, now);
      return { key: day.key, label: day.label };
    }
    case 'method':
      return { key: run.method, label: run.method === '' ? 'unknown' : run.method };
    case 'status':
      return { key: run.status ?? '', label: run.status ?? 'unknown' };
    default:
      return assertNever(grouping);
  }
}

function bestOf(runs: readonly RunSummary[]): number | undefined {
  let evaluated = Infinity;
  let trained = Infinity;
  for (const { bestEval, loss } of runs) {
    if (bestEval !== undefined) evaluated = Math.min(evaluated, bestEval.loss);
    if (loss !== undefined) trained = Math.min(trained, loss);
  }
  const best = evaluated === Infinity ? trained : evaluated;
  return best === Infinity ? undefined : best;
}

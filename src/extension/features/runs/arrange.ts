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
  // Ten thousand runs go through this several times a second while they change: nothing is made anew for each.
  runs.forEach((run) => {
    const own = keyOf(run, grouping, now);
    const place = apart.length === 0 ? undefined : placeOf(run, apart);
    const key = place === undefined ? own : `${own}\0${place.path}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { label: labelOf(run, grouping, now), place: place?.name ?? '', runs: [], newest: run.created };
      groups.set(key, group);
    }
    group.runs.push(run);
    if (run.created > group.newest) group.newest = run.created;
  });
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

function keyOf(run: RunSummary, grouping: Grouping, now: number): string {
  switch (grouping) {
    case 'experiment':
      return run.experiment;
    case 'day':
      return dayOf(run.created, now).key;
    case 'method':
      return run.method;
    case 'status':
      return run.status ?? '';
    default:
      return assertNever(grouping);
  }
}

function labelOf(run: RunSummary, grouping: Grouping, now: number): string {
  if (grouping === 'day') return dayOf(run.created, now).label;
  const key = keyOf(run, grouping, now);
  return key === '' && grouping !== 'experiment' ? 'unknown' : key;
}

function bestOf(runs: readonly RunSummary[]): number | undefined {
  let evaluated = Infinity;
  let trained = Infinity;
  runs.forEach(({ bestEval, loss }) => {
    if (bestEval !== undefined) evaluated = Math.min(evaluated, bestEval.loss);
    if (loss !== undefined) trained = Math.min(trained, loss);
  });
  const best = evaluated === Infinity ? trained : evaluated;
  return best === Infinity ? undefined : best;
}

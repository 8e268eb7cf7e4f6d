import {
  type Grouping,
  GROUPINGS,
  groupRuns,
  type Order,
  ORDERS,
  type Place,
  type RunGroup,
  sortRuns,
} from './arrange';
import type { Term } from './query/ast';
import { matches } from './query/match';
import { parseQuery } from './query/parse';
import { isActive, type BrokenSummary, type RunSummary } from '../../../runs/survey/summary';

/** How the runs are shown; kept between sessions. */
export interface ViewOptions {
  readonly filter: string;
  readonly grouping: Grouping;
  readonly order: Order;
}

/** Reads what was kept between sessions; what is none is left at its default. */
export function decodeViewOptions(value: Readonly<Record<keyof ViewOptions, unknown>>): ViewOptions {
  const { filter, grouping, order } = value;
  return {
    filter: typeof filter === 'string' && 'terms' in parseQuery(filter) ? filter : '',
    grouping: GROUPINGS.find((known) => known === grouping) ?? 'experiment',
    order: ORDERS.find((known) => known === order) ?? 'newest',
  };
}

/** How many rows of a group are shown at first, and how many come with each "more". */
export const PAGE = 100;

/** A group as it is shown: its first rows, and how many there are beyond them. */
export interface ShownGroup extends RunGroup {
  readonly shown: readonly RunSummary[];
  readonly hidden: number;
  readonly open: boolean;
}

/** The whole of the explorer. */
export interface RunsView {
  readonly groups: readonly ShownGroup[];
  /** Shown apart, below; none while a filter is on. */
  readonly broken: readonly BrokenSummary[];
  readonly matching: number;
  readonly total: number;
  readonly active: number;
}

/** What there is to be shown. */
interface Shown {
  readonly runs: readonly RunSummary[];
  readonly broken: readonly BrokenSummary[];
  /** The folders of the workspace. */
  readonly places?: readonly Place[];
}

/** Filters, sorts and groups the runs. `limits` has, by group, how many rows are to be shown where that is not a page. */
export function collectView(
  { runs, broken, places }: Shown,
  { filter, grouping, order }: ViewOptions,
  limits: ReadonlyMap<string, number>,
  now: number,
): RunsView {
  const terms = termsOf(filter);
  const matching = terms.length === 0 ? runs : runs.filter((run) => matches(terms, run, now));
  const groups = groupRuns(sortRuns(matching, order, now), grouping, now, places);
  return {
    groups: groups.map((group, index) => {
      const shown = group.runs.slice(0, limits.get(group.key) ?? PAGE);
      const open = index === 0 || group.active > 0 || (terms.length > 0 && matching.length <= PAGE);
      return { ...group, shown, hidden: group.runs.length - shown.length, open };
    }),
    broken: terms.length === 0 ? broken : [],
    matching: matching.length,
    total: runs.length,
    active: runs.filter(isActive).length,
  };
}

/** The terms of a filter that was checked when it was entered. */
function termsOf(filter: string): readonly Term[] {
  const parsed = parseQuery(filter);
  return 'terms' in parsed ? parsed.terms : [];
}

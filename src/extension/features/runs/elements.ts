import type { BrokenSummary, RunSummary } from './summary';
import type { RunsView, ShownGroup } from './view';

/** A row of the explorer. Commands about runs look for `folder`. */
export type Element = GroupElement | RunElement | MoreElement | BrokenGroupElement | BrokenElement;

interface GroupElement {
  readonly kind: 'group';
  group: ShownGroup;
  readonly children: readonly (RunElement | MoreElement)[];
}

export interface RunElement {
  readonly kind: 'run';
  readonly folder: string;
  /** The newest summary. */
  run: RunSummary;
  readonly parent: string;
}

interface MoreElement {
  readonly kind: 'more';
  readonly key: string;
  readonly hidden: number;
  readonly shown: number;
}

interface BrokenGroupElement {
  readonly kind: 'brokenGroup';
  readonly children: readonly BrokenElement[];
}

interface BrokenElement {
  readonly kind: 'broken';
  readonly folder: string;
  readonly broken: BrokenSummary;
}

/** The rows of a view. */
export function makeElements({ groups, broken }: RunsView): Element[] {
  const rows: Element[] = groups.map((group) => ({
    kind: 'group',
    group,
    children: [
      ...group.shown.map((run): RunElement => ({ kind: 'run', folder: run.folder, run, parent: group.key })),
      ...(group.hidden > 0
        ? [{ kind: 'more', key: group.key, hidden: group.hidden, shown: group.shown.length } as const]
        : []),
    ],
  }));
  if (broken.length > 0) {
    rows.push({
      kind: 'brokenGroup',
      children: broken.map((one) => ({ kind: 'broken', folder: one.folder, broken: one })),
    });
  }
  return rows;
}

/** Puts a view of the same shape into rows that are shown already; returns those whose words have changed. */
export function updateElements(elements: readonly Element[], view: RunsView): Element[] {
  const changed: Element[] = [];
  const groups = new Map(view.groups.map((group) => [group.key, group]));
  for (const element of elements) {
    if (element.kind !== 'group') continue;
    const next = groups.get(element.group.key);
    if (next === undefined) continue;
    const { group } = element;
    const counts = ({ runs, active, bestLoss }: ShownGroup): string =>
      `${runs.length} ${active} ${bestLoss ?? ''}`;
    if (counts(group) !== counts(next)) changed.push(element);
    element.group = next;
    const runs = new Map(next.shown.map((run) => [run.folder, run]));
    for (const child of element.children) {
      if (child.kind !== 'run') continue;
      const run = runs.get(child.folder);
      if (run === undefined || run === child.run) continue;
      child.run = run;
      changed.push(child);
    }
  }
  return changed;
}

import type { BrokenSummary, RunSummary } from '../../../runs/survey/summary';
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
  /** What its row says, from when it was drawn last. */
  said?: string;
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

/** True where these rows are those of a view, in its order, and differ from it in their words at most. */
export function fit(elements: readonly Element[], { groups, broken }: RunsView): boolean {
  if (elements.length !== groups.length + (broken.length > 0 ? 1 : 0)) return false;
  return elements.every((element, index) => {
    const group = groups[index];
    if (element.kind === 'group') return group !== undefined && fitsGroup(element, group);
    if (element.kind !== 'brokenGroup' || element.children.length !== broken.length) return false;
    return element.children.every(({ folder, broken: { why } }, i) => {
      const other = broken[i];
      return folder === other?.folder && why === other.why;
    });
  });
}

function fitsGroup({ group: { key }, children }: GroupElement, group: ShownGroup): boolean {
  const { shown, hidden } = group;
  if (key !== group.key || children.length !== shown.length + (hidden > 0 ? 1 : 0)) return false;
  return children.every((child, i) => child.kind === 'more' || child.folder === shown[i]?.folder);
}

/** Puts a view that rows fit into them; returns those whose words have changed. */
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
    element.children.forEach((child, i) => {
      const run = next.shown[i];
      if (child.kind !== 'run' || run === undefined || run === child.run) return;
      child.run = run;
      changed.push(child);
    });
  }
  return changed;
}

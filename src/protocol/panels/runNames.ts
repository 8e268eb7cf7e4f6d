import type { CurveRun } from './curves';

/** A run with the name that tells it from all others of the panel. */
export interface NamedRun extends CurveRun {
  readonly name: string;
}

type Nameable = Pick<CurveRun, 'folder' | 'id' | 'label'> & { readonly started?: number | undefined };

/** What a run can be called, the shortest first: each says more than the one before, and the last is its own. */
const FORMS: readonly ((run: Nameable, now: Date) => string)[] = [
  ({ label }) => label,
  ({ label, started }, now) => joined(label, timeText(started, now)),
  ({ label, started, id }, now) => joined(label, timeText(started, now), id.slice(-4)),
  ({ label, folder }) => joined(label, folder),
];

/**
 * Names runs so that no two have the same name: by the label alone where that is enough, else also by when they were
 * started, and where that is equal too by the end of their ids. In the order of the runs.
 */
export function distinctNames(runs: readonly Nameable[], now: Date): string[] {
  const forms = runs.map(() => 0);
  for (;;) {
    const names = runs.map((run, index) => FORMS[forms[index] ?? 0]?.(run, now) ?? run.label);
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    let longer = false;
    for (const [index, name] of names.entries()) {
      const form = forms[index] ?? 0;
      if ((counts.get(name) ?? 0) < 2 || form >= FORMS.length - 1) continue;
      forms[index] = form + 1;
      longer = true;
    }
    if (!longer) return names;
  }
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

/** When a run was started, as short as it can be said: 23:52 today, Nov 24 23:52 on another day. */
function timeText(started: number | undefined, now: Date): string {
  if (started === undefined) return '';
  const date = new Date(started);
  const time = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleString('en', { month: 'short' })} ${date.getDate()} ${time}`;
}

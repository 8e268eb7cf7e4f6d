import { durationOf } from './query/match';
import { sparkline } from './sparkline';
import { isActive, type RunSummary } from '../../../runs/survey/summary';

/** A loss or rate with four digits that count. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** A whole number with its thousands apart: `1,185,152`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** `1:02:03`, `2:03`: a span of seconds. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

const STEPS = [
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
  ['y', 31_536_000_000],
] as const;

/** How long ago something was, in one word: `now`, `3 min`, `2 d`. A clock that was set back makes it `now`. */
export function formatAge(time: number, now: number): string {
  const age = now - time;
  const [unit, length] = STEPS.findLast(([, size]) => age >= size) ?? [];
  return length === undefined ? 'now' : `${Math.floor(age / length)} ${unit}`;
}

/** The day of a time in this time zone: today and yesterday by their names. */
export function dayOf(time: number, now: number): { key: string; label: string } {
  const key = dayKey(new Date(time));
  const today = new Date(now);
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (key === dayKey(today)) return { key, label: 'Today' };
  return { key, label: key === dayKey(yesterday) ? 'Yesterday' : key };
}

function dayKey(date: Date): string {
  const pad = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** `step 120/300`; empty before the first one. */
export function formatSteps({ step, totalSteps }: Pick<RunSummary, 'step' | 'totalSteps'>): string {
  if (totalSteps !== undefined) return `step ${step}/${totalSteps}`;
  return step === 0 ? '' : `step ${step}`;
}

/**
 * What stands beside a run's name, the more telling first, since a narrow side bar cuts it: when it was made, which
 * tells runs of one name apart, or how far it is; its loss and how that went.
 */
export function describeRun(run: RunSummary, now: number): string {
  const active = isActive(run);
  if (run.status === undefined) return formatAge(run.created, now);
  const spark = sparkline(run.spark);
  const loss = run.loss === undefined ? '' : `loss ${formatNumber(run.loss)}`;
  const parts = [
    active ? '' : formatAge(run.created, now),
    run.activity ?? '',
    [loss, spark].filter((part) => part !== '').join(' '),
    run.status === 'done' ? `${run.step} ${run.step === 1 ? 'step' : 'steps'}` : formatSteps(run),
    active && run.secondsLeft !== undefined ? `${formatSpan(run.secondsLeft)} left` : '',
    run.tags.map((tag) => `#${tag}`).join(' '),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** The same for who listens: words in place of signs. */
export function speakRun(run: RunSummary, now: number): string {
  const duration = durationOf(run, now);
  const parts = [
    run.label,
    run.starred ? 'starred' : '',
    run.status ?? 'not read yet',
    run.totalSteps === undefined ? `step ${run.step}` : `step ${run.step} of ${run.totalSteps}`,
    run.loss === undefined ? '' : `loss ${formatNumber(run.loss)}`,
    run.bestEval === undefined ? '' : `best evaluation loss ${formatNumber(run.bestEval.loss)}`,
    run.activity ?? '',
    isActive(run) && run.secondsLeft !== undefined ? `${speakSpan(run.secondsLeft)} left` : '',
    !isActive(run) && duration !== undefined ? `took ${speakSpan(duration / 1000)}` : '',
    run.tags.length === 0 ? '' : `tags ${run.tags.join(', ')}`,
    run.error ?? '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** A span of seconds in words, to two units. */
export function speakSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ] as const;
  const said = units.filter(([n]) => n > 0).slice(0, 2);
  return said.length === 0
    ? '0 seconds'
    : said.map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`).join(' ');
}

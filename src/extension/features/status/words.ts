import { durationOf } from '../runs/query/match';
import { isActive, type RunSummary } from '../../../runs/survey/summary';
import { formatNumber, formatSpan, formatSteps, speakSpan } from '../runs/words';

/** How long (ms) the end of a run stays in the status bar. */
const LINGER = 120_000;

/** What the status bar says. */
export interface StatusWords {
  readonly text: string;
  /** The same without signs, for who listens. */
  readonly spoken: string;
  readonly failed: boolean;
  /** The run it is about: the newest. */
  readonly folder: string;
  readonly active: readonly RunSummary[];
}

/** A run that ended while this window was looking, and when (ms, by whichever clock it is asked with later). */
export interface EndedRun {
  readonly run: RunSummary;
  readonly at: number;
}

/** What the status bar is to say now; undefined where it is to say nothing. */
export function statusWords(
  runs: readonly RunSummary[],
  ended: EndedRun | undefined,
  now: number,
): StatusWords | undefined {
  const active = runs.filter(isActive);
  const [newest] = active;
  if (newest !== undefined) {
    const count = active.length === 1 ? '' : `${active.length} runs: `;
    return {
      text: `$(loading~spin) ${count}${progressOf(newest)}`,
      spoken: `${count}${spokenProgress(newest)}`,
      failed: false,
      folder: newest.folder,
      active,
    };
  }
  if (ended === undefined || now - ended.at > LINGER) return undefined;
  const { run } = ended;
  // It has been removed since.
  if (!runs.some(({ folder }) => folder === run.folder)) return undefined;
  const failed = run.status === 'failed' || run.status === 'interrupted';
  const loss = lossOf(run);
  return {
    text: `$(${failed ? 'error' : 'check'}) ${[run.label, ...loss].join(' · ')}`,
    spoken: [`${run.label} ${run.status ?? 'ended'}`, ...loss].join(', '),
    failed,
    folder: run.folder,
    active: [],
  };
}

function progressOf(run: RunSummary): string {
  const steps = formatSteps(run);
  const parts = [
    run.activity ?? (steps === '' ? 'starting' : steps),
    ...(run.activity === undefined && run.loss !== undefined ? [`loss ${formatNumber(run.loss)}`] : []),
    ...(run.secondsLeft === undefined ? [] : [`${formatSpan(run.secondsLeft)} left`]),
    ...(run.device === undefined ? [] : [run.device]),
  ];
  return parts.join(' · ');
}

function spokenProgress(run: RunSummary): string {
  const steps = run.totalSteps === undefined ? `step ${run.step}` : `step ${run.step} of ${run.totalSteps}`;
  const parts = [
    run.label,
    run.activity ?? steps,
    ...(run.loss === undefined ? [] : [`loss ${formatNumber(run.loss)}`]),
    ...(run.secondsLeft === undefined ? [] : [`${speakSpan(run.secondsLeft)} left`]),
  ];
  return parts.join(', ');
}

function lossOf(run: RunSummary): string[] {
  if (run.status === 'failed' || run.status === 'interrupted') return [run.status];
  if (run.bestEval !== undefined) return [`best loss ${formatNumber(run.bestEval.loss)}`];
  return run.loss === undefined ? [] : [`loss ${formatNumber(run.loss)}`];
}

/** A line for each run at work, as plain text. */
export function tooltipLines(active: readonly RunSummary[], now: number): string[] {
  return active.map((run) => {
    const duration = durationOf(run, now);
    const since = duration === undefined ? '' : ` · for ${formatSpan(duration / 1000)}`;
    return `${run.label}: ${progressOf(run)}${since}`;
  });
}

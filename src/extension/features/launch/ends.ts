import type { RunRecord } from '../../../protocol/run/record';
import { UNWRITABLE } from '../../../runs/files';
import { durationOf } from '../runs/query/match';
import type { RunSummary } from '../../../runs/survey/summary';
import { formatNumber, formatSpan } from '../runs/words';

/** A run whose end is awaited. */
interface Awaited {
  /** When it had ended before, where it has been resumed. */
  readonly endedBefore: number | undefined;
  /** As it was when it was last seen at work; undefined where it has not been yet. */
  readonly seen: RunSummary | undefined;
}

/** Finds out which runs have ended since it looked last. What had ended before is no news. */
export class EndWatch {
  readonly #awaited = new Map<string, Awaited>();

  /** A run that has just been started or resumed, and may end before it was ever seen at work. */
  expect(folder: string, endedBefore: number | undefined): void {
    this.#awaited.set(folder, { endedBefore, seen: undefined });
  }

  /** True for a run that was started and has not been seen at work, nor ended, since. */
  isUnseen(folder: string): boolean {
    const awaited = this.#awaited.get(folder);
    return awaited !== undefined && awaited.seen === undefined;
  }

  /** The runs that were at work when they were last seen, and are not there any more: their folders may be gone. */
  missing(runs: readonly RunSummary[]): RunSummary[] {
    const gone = new Map<string, RunSummary>();
    for (const [folder, { seen }] of this.#awaited) if (seen !== undefined) gone.set(folder, seen);
    for (const { folder } of gone.size === 0 ? [] : runs) gone.delete(folder);
    return [...gone.values()];
  }

  /** The end of a run is not awaited any more; false where it was not before. */
  forget(folder: string): boolean {
    return this.#awaited.delete(folder);
  }

  look(runs: readonly RunSummary[]): RunSummary[] {
    return runs.filter((run) => this.hasEnded(run));
  }

  /** Notes a run that is at work; true for one that has been awaited and is not any more. */
  private hasEnded(run: RunSummary): boolean {
    const { folder, status } = run;
    const awaited = this.#awaited.get(folder);
    if (status === 'running' || status === 'paused') {
      this.#awaited.set(folder, { endedBefore: awaited?.endedBefore, seen: run });
      return false;
    }
    if (awaited === undefined || status === undefined || status === 'queued') return false;
    if (awaited.seen === undefined && run.ended === awaited.endedBefore) return false;
    return this.#awaited.delete(folder);
  }
}

/** When the user is told how runs end. */
type NoticeSetting = 'all' | 'failures' | 'none';

/** What can be done about a run that has ended. */
export type EndAction = 'curves' | 'export' | 'log' | 'place' | 'resume';

/** What a notification says about how a run ended. */
export interface EndNotice {
  readonly severity: 'information' | 'warning' | 'error';
  readonly text: string;
  readonly actions: readonly EndAction[];
}

/** What is known about the end of a run beside its summary and its record. */
interface EndContext {
  /** This window asked it to stop. */
  readonly asked: boolean;
  readonly setting: NoticeSetting;
  /** Why its trainer could leave no word: what keeps its folder from being written. */
  readonly trouble?: string | undefined;
}

/**
 * How a run ended, in a sentence; undefined where nobody needs to be told. `record` adds what a summary leaves out.
 */
export function noticeOf(
  run: RunSummary,
  record: RunRecord | undefined,
  { asked, setting, trouble }: EndContext,
): EndNotice | undefined {
  const name = `‘${run.label}’`;
  if (setting === 'none') return undefined;
  if (run.status === 'failed') {
    const text = `${name} has failed: ${firstLine(run.error ?? 'the log says more')}`;
    const { line, code } = record?.error?.facts ?? {};
    const resumable = code === UNWRITABLE ? (['resume'] as const) : [];
    const named = line === undefined ? [] : (['place'] as const);
    return { severity: 'error', text, actions: [...resumable, 'log', ...named] };
  }
  if (run.status === 'interrupted') {
    if (asked) return undefined;
    const why = trouble ?? 'its trainer is gone. Resume it to go on from its last checkpoint.';
    const text = `${name} was interrupted at step ${run.step}: ${firstLine(why)}`;
    return { severity: 'error', text, actions: ['resume', 'log'] };
  }
  if (setting === 'failures') return undefined;
  if (run.status === 'stopped') {
    if (asked) return undefined;
    return { severity: 'information', text: `${name} was stopped at step ${run.step}.`, actions: ['curves'] };
  }
  if (run.status !== 'done') return undefined;
  return {
    severity: 'information',
    text: `${name} is done${resultOf(run, record)}${timeOf(run)}.`,
    actions: ['curves', 'export'],
  };
}

/** What is said of a run whose folder was removed while it was at work; undefined where nobody needs to be told. */
export function noticeOfRemoved(run: RunSummary, setting: NoticeSetting): EndNotice | undefined {
  if (setting === 'none') return undefined;
  // Without a button a notification shows one line at first: what matters comes first.
  const text = `‘${run.label}’ is gone: its folder was removed at step ${run.step}. Its trainer ends by itself, and nothing of the run is kept.`;
  return { severity: 'warning', text, actions: [] };
}

function resultOf(run: RunSummary, record: RunRecord | undefined): string {
  const first = record?.first_eval;
  const last = run.lastEval;
  if (first !== undefined && last !== undefined && first.step !== last.step) {
    return `: evaluation loss ${formatNumber(first.loss)} → ${formatNumber(last.loss)}`;
  }
  return run.loss === undefined ? '' : `: loss ${formatNumber(run.loss)}`;
}

function timeOf(run: RunSummary): string {
  const duration = durationOf(run, 0);
  return duration === undefined ? '' : `, in ${formatSpan(duration / 1000)}`;
}

/** A notification has room for a sentence or two. */
function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

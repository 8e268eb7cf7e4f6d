import type { RunRecord } from '../../../protocol/run/record';
import { durationOf } from '../runs/query/match';
import type { RunSummary } from '../runs/summary';
import { formatNumber, formatSpan } from '../runs/words';

/** A run whose end is awaited. */
interface Awaited {
  /** When it had ended before, where it has been resumed. */
  readonly endedBefore: number | undefined;
  /** True once it was seen at work. */
  readonly seen: boolean;
}

/** Finds out which runs have ended since it looked last. What had ended before is no news. */
export class EndWatch {
  readonly #awaited = new Map<string, Awaited>();

  /** A run that has just been started or resumed, and may end before it was ever seen at work. */
  expect(folder: string, endedBefore: number | undefined): void {
    this.#awaited.set(folder, { endedBefore, seen: false });
  }

  /** True for a run that was started and has not been seen at work, nor ended, since. */
  isUnseen(folder: string): boolean {
    return this.#awaited.get(folder)?.seen === false;
  }

  look(runs: readonly RunSummary[]): RunSummary[] {
    const ended: RunSummary[] = [];
    for (const run of runs) {
      const { folder, status } = run;
      const awaited = this.#awaited.get(folder);
      if (status === 'running' || status === 'paused') {
        if (awaited?.seen !== true) this.#awaited.set(folder, { endedBefore: run.ended, seen: true });
      } else if (awaited !== undefined && status !== undefined && status !== 'queued') {
        if (!awaited.seen && run.ended === awaited.endedBefore) continue;
        this.#awaited.delete(folder);
        ended.push(run);
      }
    }
    return ended;
  }
}

/** What can be done about a run that has ended. */
export type EndAction = 'curves' | 'export' | 'log' | 'place' | 'resume';

/** What a notification says about how a run ended. */
export interface EndNotice {
  readonly severity: 'information' | 'warning' | 'error';
  readonly text: string;
  readonly actions: readonly EndAction[];
}

/**
 * How a run ended, in a sentence; undefined where nobody needs to be told. `asked`: this window asked it to stop.
 * `record` adds what a summary leaves out.
 */
export function noticeOf(
  run: RunSummary,
  record: RunRecord | undefined,
  { asked, setting }: { asked: boolean; setting: 'all' | 'failures' | 'none' },
): EndNotice | undefined {
  const name = `‘${run.label}’`;
  if (setting === 'none') return undefined;
  if (run.status === 'failed') {
    const text = `${name} has failed: ${firstLine(run.error ?? 'the log says more')}`;
    const named = record?.error?.facts?.line !== undefined;
    return { severity: 'error', text, actions: ['log', ...(named ? (['place'] as const) : [])] };
  }
  if (run.status === 'interrupted') {
    if (asked) return undefined;
    const text = `${name} was interrupted at step ${run.step}: its trainer is gone.`;
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

import type { PanelProgress, ViewHead } from '../../src/protocol/panels/subject';

/** What a panel says of how far it is, where its numbers do not speak for themselves. */
export interface StateText {
  readonly tone: 'hint' | 'plain' | 'busy' | 'error';
  readonly text: string;
  /** A place that can be gone to. */
  readonly place?: string | undefined;
  /** Of work that is under way, 0 to 1. */
  readonly progress?: number | undefined;
  /** The way on. */
  readonly action?: { readonly name: NoticeAction; readonly label: string } | undefined;
}

export type NoticeAction = 'retry' | 'cancel' | 'trust';

/** What a panel about a subject says of its own work. */
export interface StateWords {
  readonly empty: string;
  readonly untrusted: string;
  readonly working: (progress: PanelProgress | undefined) => string;
  /** What is there where it was cancelled; the panel's own words where nothing is. */
  readonly cancelled: { readonly text: string; readonly again: string };
  /** Where it failed, and it is not known why. */
  readonly failed: string;
}

/** How far a panel about a subject is, with the way on; undefined where all is there. */
export function subjectState(
  { status, problem, progress }: ViewHead,
  started: boolean,
  { empty, untrusted, working, cancelled, failed }: StateWords,
): StateText | undefined {
  switch (status) {
    case 'empty':
      return { tone: 'hint', text: empty };
    case 'untrusted':
      return { tone: 'hint', text: untrusted, action: { name: 'trust', label: 'Manage trust…' } };
    case 'opening':
      return {
        tone: 'busy',
        text: 'Looking for the modules of the model…',
        action: { name: 'cancel', label: 'Cancel' },
      };
    case 'working':
      return {
        tone: 'busy',
        text: working(progress),
        progress: progress === undefined || progress.total === 0 ? undefined : progress.done / progress.total,
        action: { name: 'cancel', label: 'Cancel' },
      };
    case 'cancelled':
      return {
        tone: started ? 'plain' : 'hint',
        text: cancelled.text,
        action: { name: 'retry', label: cancelled.again },
      };
    case 'failed':
      return {
        tone: 'error',
        text: problem?.message ?? failed,
        place: problem?.place,
        action: { name: 'retry', label: 'Try again' },
      };
    case 'done':
      return undefined;
  }
}

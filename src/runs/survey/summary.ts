import type { RunStatus } from '../../protocol/run/status';

/** The loss of an evaluation after a step. */
export interface EvalPoint {
  readonly step: number;
  readonly loss: number;
}

/** One run as every view shows it: what `run.json`, `user.json` and the end of `metrics.jsonl` say, and no more. */
export interface RunSummary {
  /** The run's folder, absolute: what a run is known by. */
  readonly folder: string;
  readonly id: string;
  /** What it is called: the user's name for it, or the experiment's. */
  readonly label: string;
  /** The experiment's name. */
  readonly experiment: string;
  /** The experiment file it was made from, absolute; empty while `run.json` is not read yet. */
  readonly source: string;
  /** As it stands now: `interrupted` where the trainer is gone. Undefined while `run.json` is not read yet. */
  readonly status: RunStatus | undefined;
  readonly method: string;
  readonly rank: number | undefined;
  readonly model: string;
  readonly device: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly started: number | undefined;
  readonly ended: number | undefined;
  readonly step: number;
  readonly totalSteps: number | undefined;
  /** The last training loss. */
  readonly loss: number | undefined;
  readonly lastEval: EvalPoint | undefined;
  readonly bestEval: EvalPoint | undefined;
  readonly trainable: number | undefined;
  /** Seconds to go by the mean of the last steps, while it runs. */
  readonly secondsLeft: number | undefined;
  /** What slow work outside the steps it is at, e.g. `converting weights`. */
  readonly activity: string | undefined;
  /** A few training losses over the whole run, evenly spread, for a sparkline: see `levelsOf`. */
  readonly spark: string;
  readonly error: string | undefined;
  readonly starred: boolean;
  readonly tags: readonly string[];
  readonly note: string;
}

/** A folder that should be a run and cannot be read. */
export interface BrokenSummary {
  readonly folder: string;
  readonly id: string;
  readonly created: number;
  readonly why: string;
}

/** True for a run that a trainer is at work on, or will be. */
export function isActive({ status }: Pick<RunSummary, 'status'>): boolean {
  return status === 'running' || status === 'queued' || status === 'paused';
}

/** True for a run that can go on from its last checkpoint. */
export function isResumable({ status }: Pick<RunSummary, 'status'>): boolean {
  return status === 'stopped' || status === 'interrupted' || status === 'failed';
}

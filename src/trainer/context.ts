import type { Experiment } from '../protocol/experiment/types';
import type { ChangeLine } from '../protocol/run/changes';
import type { MetricLine } from '../protocol/run/metrics';
import type { RunFacts, RunRecord } from '../protocol/run/record';

/** How a training loop ended when it did not throw: all steps done, or stopped early since it was asked to. */
export type TrainOutcome = 'done' | 'stopped';

/**
 * The training loop. It throws `InputError` for what the user must mend, `RunError` for what ended the run; the
 * lifecycle records either with its facts. On 'stopped' it has saved a checkpoint first.
 */
export type Train = (context: TrainContext) => Promise<TrainOutcome>;

/** A complete checkpoint: the folder `checkpoints/step-N` and its step. */
export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
}

/** Checkpoints of one run. A checkpoint's folder is complete or absent, whenever the process dies. */
interface CheckpointWriter {
  /**
   * Makes `checkpoints/step-<step>`: `write` fills an empty folder of another name, its files are flushed to the
   * disk, then it gets its name; afterwards the oldest beyond `checkpoint.keep` are removed. Metrics emitted
   * before are flushed first, so a checkpoint never knows more than the metrics do. Throws `RunError` when the
   * disk is full; older checkpoints stay.
   */
  save(step: number, write: (folder: string) => Promise<void> | void): Promise<Checkpoint>;
  /** The complete checkpoint with the highest step, if any. */
  latest(): Checkpoint | undefined;
}

/** Something slow that happens outside the steps, for the progress display. */
export interface ProgressNote {
  /** What is being done, e.g. `converting weights`. */
  readonly what: string;
  /** How much of it is done, 0 to 1; absent where it is not known. */
  readonly fraction?: number;
}

/** What the process lifecycle gives the training loop, and all that the loop may touch of the run folder. */
export interface TrainContext {
  /** The run folder, absolute; for the files named in the contract (`ranks.json`, `spectra.json`). */
  readonly folder: string;
  readonly experiment: Experiment;
  /**
   * The checkpoint to go on from; undefined: start at step 0. `metrics.jsonl` has already been cut back to its
   * step, so the loop emits from step + 1 (evaluation lines of the checkpoint's own step are kept).
   */
  readonly resume: Checkpoint | undefined;
  /**
   * What earlier starts of the run recorded: its facts as they were left, and the last evaluation that
   * `metrics.jsonl` still has. Empty for a new run.
   */
  readonly recorded: Pick<RunRecord, 'facts' | 'last_eval'>;
  readonly checkpoints: CheckpointWriter;
  /** Appends one line to `metrics.jsonl`, whole or not at all. Non-finite numbers throw: check the loss first. */
  emit(line: MetricLine): void;
  /**
   * Appends one line to `changes.jsonl`. It comes before the evaluation's own line, by which a resumed run knows that
   * both are there. Never throws: what cannot be written is shown as a warning, once.
   */
  emitChange(line: ChangeLine): void;
  /** Appends a line to `log.txt`. */
  log(line: string): void;
  /** Shows a warning to whoever follows the run, and logs it. */
  warn(text: string): void;
  /** Shows what is going on outside the steps. Cheap to call: at most some ten a second reach the disk. */
  progress(note: ProgressNote): void;
  /** Adds facts to `run.json` (merged by top-level key, written atomically at once). */
  record(facts: Partial<RunFacts>): void;
  /** Writes a small JSON file of the run folder, e.g. `ranks.json`, atomically. */
  writeJson(name: string, value: unknown): void;
  /** Makes the folder `adapter/` (the result): complete or absent, replaced if there. */
  saveAdapter(write: (folder: string) => Promise<void> | void): Promise<string>;
  /** True once a stop was asked for (the `stop` file, SIGINT or SIGTERM). Look once a step: one file lookup. */
  stopRequested(): boolean;
  /**
   * Aborted when a stop is asked for, for slow work before the first step. It only fires while the event loop
   * turns; between synchronous session calls use `stopRequested`.
   */
  readonly signal: AbortSignal;
}

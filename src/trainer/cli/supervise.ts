import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { RunError } from '../../base/errors';
import { decodeRunRecord } from '../../protocol/run/decode';
import type { RunRecord } from '../../protocol/run/record';
import type { RunPaths } from '../../runs/folder';
import { writeTrouble } from '../../runs/reserve';
import { readRun } from '../../runs/store';
import { EXIT, exitCodeOfKind } from '../exit';
import {
  askToStop as requestStop,
  launchTrainer,
  type Trainer,
  type TrainerEnd,
} from '../../launch/trainerProcess';
import { Follower } from './follow';
import { formatNumber } from './format';
import type { Terminal } from './terminal';
import { makeView, type RunView } from './view';

/** How many lines of the log are shown after a trainer that ended without a word. */
const LOG_LINES = 12;

/**
 * Starts the trainer of a run, shows it until it ends, and returns the exit code. The first Ctrl-C asks the trainer
 * to stop with a checkpoint, the second ends it. If this process dies, the trainer goes on.
 */
export async function supervise(paths: RunPaths, terminal: Terminal, json: boolean): Promise<number> {
  const view = makeView(terminal, json);
  const follower = new Follower(paths, view);
  view.start(paths.folder);
  const trainer = await launchTrainer(paths);
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    askToStop(interrupts, paths, trainer, view);
  };
  process.on('SIGINT', interrupt);
  try {
    const end = await follower.follow(trainer);
    view.close();
    return report({ paths, pid: trainer.pid, end, stopAsked: interrupts > 0, json }, terminal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function askToStop(times: number, paths: RunPaths, trainer: Trainer, view: RunView): void {
  if (times > 1) {
    view.note('Ending the trainer.');
    trainer.kill();
    return;
  }
  requestStop(paths);
  view.note('Stopping after this step; a checkpoint is saved. Ctrl-C again ends it at once.');
}

/** A run whose trainer has ended. */
interface Ended {
  readonly paths: RunPaths;
  /** The trainer's process. */
  readonly pid: number;
  readonly end: TrainerEnd;
  /** True where this command asked it to stop. */
  readonly stopAsked: boolean;
  readonly json: boolean;
}

/** Says how it went, and returns the exit code. */
function report({ paths, pid, end, stopAsked, json }: Ended, terminal: Terminal): number {
  if (!existsSync(paths.folder)) {
    throw new RunError({
      what: 'the run’s folder was removed while it was trained, and its checkpoints with it',
      file: paths.folder,
      remedy: 'Run the experiment again.',
    });
  }
  const { record, status } = readRun(paths.folder, decodeRunRecord);
  // Where this trainer never got as far as the record, what stands there is about an earlier one, or another.
  const ours = record.process?.pid === pid;
  const shown = ours || end.code === EXIT.done ? status : 'failed';
  if (json) terminal.print(JSON.stringify(summaryOf(paths, record, shown)));
  else if (shown === 'done') for (const line of describeResult(paths, record)) terminal.print(line);
  const resume = `Resume with: eigenloom resume ${basename(paths.folder)}`;
  switch (shown) {
    case 'done':
      return EXIT.done;
    case 'stopped':
      terminal.note(`stopped at step ${record.last?.step ?? 0}. ${resume}`);
      return EXIT.stopped;
    case 'failed': {
      const { error } = record;
      if (!ours || error === undefined) {
        showLog(paths, terminal);
        return end.code ?? EXIT.failed;
      }
      terminal.note(`error: ${error.message}`);
      if (error.kind === 'bug') terminal.note(`The log: ${paths.log}`);
      return exitCodeOfKind(error.kind);
    }
    case 'interrupted':
    case 'queued':
    case 'running':
    case 'paused':
      terminal.note(
        `the trainer ended in the middle of the run (${end.signal ?? `exit code ${end.code ?? 'unknown'}`}). ${resume}`,
      );
      if (!stopAsked) {
        const trouble = writeTrouble(paths.folder);
        if (trouble !== undefined) terminal.note(`error: ${trouble.message}`);
        showLog(paths, terminal);
      }
      return stopAsked ? EXIT.stopped : EXIT.failed;
  }
}

/** What the last line of `--json` says. */
function summaryOf(paths: RunPaths, record: RunRecord, status: string): Record<string, unknown> {
  return {
    status,
    run: paths.folder,
    step: record.last?.step ?? 0,
    loss: record.last?.loss,
    first_eval: record.first_eval,
    last_eval: record.last_eval,
    best_eval: record.best_eval,
    ...(status === 'done' ? { adapter: paths.adapter } : {}),
    error: record.error?.message,
  };
}

function describeResult(paths: RunPaths, record: RunRecord): string[] {
  const { first_eval: first, last_eval: last, best_eval: best } = record;
  const lines = [`done: ${record.last?.step ?? 0} steps, last loss ${formatNumber(record.last?.loss ?? 0)}`];
  const at = ({ step, loss }: { step: number; loss: number }): string =>
    `${formatNumber(loss)} at step ${step}`;
  if (first !== undefined && last !== undefined && best !== undefined) {
    const values = first.step === last.step ? at(first) : `${at(first)}, ${at(last)}; best ${at(best)}`;
    lines.push(`evaluation loss: ${values}`);
  }
  lines.push(`run: ${paths.folder}`);
  if (existsSync(paths.adapter)) lines.push(`adapter: ${paths.adapter}`);
  return lines;
}

function showLog(paths: RunPaths, terminal: Terminal): void {
  if (!existsSync(paths.log)) return;
  terminal.note(`the end of ${paths.log}:`);
  for (const line of readFileSync(paths.log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES))
    terminal.note(line);
}

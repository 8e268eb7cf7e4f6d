import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../base/errors';
import type { TaskRequest } from '../protocol/tasks';
import type { RunPaths } from '../runs/folder';
import { trainerEnvironment, trainerOptions } from './memory';

/** How a trainer process ended. */
export interface TrainerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A trainer at work. */
export interface Trainer {
  readonly pid: number;
  readonly ended: Promise<TrainerEnd>;
  /** Ends it at once, without a checkpoint. */
  readonly kill: () => void;
}

/** The trainer's bundle lies beside the one that is running. */
function trainerBundle(): string {
  const bundle = join(__dirname, 'trainer.js');
  if (!existsSync(bundle)) {
    throw new RunError({ what: 'the trainer is not built', file: bundle, remedy: 'Run `npm run build`.' });
  }
  return bundle;
}

/**
 * Starts the trainer of a run in a process group of its own, so that it outlives this process and gets none of its
 * signals. What it prints goes to the run's log. Throws `RunError` where it cannot be started.
 */
export async function launchTrainer(paths: RunPaths): Promise<Trainer> {
  // A request that the last trainer did not live to see.
  rmSync(paths.stop, { force: true });
  const log = openSync(paths.log, 'a');
  try {
    const child = spawn(process.execPath, [...trainerOptions, trainerBundle(), 'train', paths.folder], {
      detached: true,
      env: { ...process.env, ...trainerEnvironment },
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
    const ended = new Promise<TrainerEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) =>
        reject(new RunError({ what: `the trainer cannot be started: ${cause.message}` }, { cause })),
      );
    });
    const { pid } = child;
    if (pid === undefined) throw new RunError({ what: 'the trainer cannot be started' });
    child.unref();
    return { pid, ended, kill: () => child.kill('SIGKILL') };
  } finally {
    closeSync(log);
  }
}

/** Lets a trainer process do a task on this terminal; returns its exit code. */
export async function runTask(request: TaskRequest): Promise<number> {
  const child = spawn(process.execPath, [...trainerOptions, trainerBundle(), 'task'], {
    env: { ...process.env, ...trainerEnvironment },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    windowsHide: true,
  });
  // Ctrl-C reaches the child as well; this process waits for its answer.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new RunError({ what: `the trainer cannot be started: ${cause.message}` }, { cause })),
      );
      child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
      child.once('spawn', () => child.send(request));
    });
  } finally {
    process.off('SIGINT', wait);
  }
}

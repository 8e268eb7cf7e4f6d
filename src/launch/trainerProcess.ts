import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../base/errors';
import { removeQuietly, writeFailure } from '../runs/files';
import type { RunPaths } from '../runs/folder';
import { makeReserve } from '../runs/reserve';

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

/**
 * How the trainer's process is started, so that it holds no more memory than it needs.
 *
 * glibc raises the size from which it maps a block of its own, and so gives it back when it is freed, to that of the
 * largest block ever freed; from then on tens of megabytes of state stay in holes of its heap. Setting the size keeps
 * it. (Measured on a LoRA run of SmolLM2-135M: 100 MB less.) Other C libraries do not read the variable.
 *
 * Where this process is Electron, as VS Code's extension host is, its program is Node only if told so.
 */
const ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: String(32 << 10), ELECTRON_RUN_AS_NODE: '1' } as const;

/** Node's own options for the trainer: they let it collect garbage when much of it has just been left. */
const OPTIONS = ['--expose-gc'] as const;

/** The trainer's bundle, which lies beside the one that is running. */
function trainerBundle(): string {
  const bundle = join(__dirname, 'trainer.js');
  if (!existsSync(bundle)) {
    throw new RunError({ what: 'the trainer is not built', file: bundle, remedy: 'Run `npm run build`.' });
  }
  return bundle;
}

/**
 * The program, its first words and the environment of a trainer's process. `cache` is the cache folder, where it is
 * not the usual one.
 */
export function trainerCommand(cache?: string): {
  program: string;
  words: string[];
  environment: NodeJS.ProcessEnv;
} {
  return {
    program: process.execPath,
    words: [...OPTIONS, trainerBundle()],
    environment: {
      ...process.env,
      ...ENVIRONMENT,
      ...(cache === undefined ? {} : { EIGENLOOM_CACHE: cache }),
    },
  };
}

/** What a trainer is started with. */
export interface LaunchOptions {
  /** The cache folder, where it is not the usual one. */
  readonly cache?: string | undefined;
  /**
   * Whether it gives way to what a person works with: typing and drawing do not wait for it then, and what they leave
   * idle is still its own.
   */
  readonly givesWay?: boolean;
}

/**
 * Starts the trainer of a run in a process group of its own, so that it outlives this process and gets none of its
 * signals. What it prints goes to the run's log. Throws `RunError` where it cannot be started, or could not write.
 */
export async function launchTrainer(
  paths: RunPaths,
  { cache, givesWay = false }: LaunchOptions = {},
): Promise<Trainer> {
  const { program, words, environment } = trainerCommand(cache);
  // A request that the last trainer did not live to see.
  removeQuietly(paths.stop);
  makeReserve(paths);
  const log = openLog(paths.log);
  try {
    const child = spawn(program, [...words, 'train', paths.folder], {
      detached: true,
      env: environment,
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
    const ended = new Promise<TrainerEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await started(child);
    const { pid } = child;
    if (pid === undefined) throw new RunError({ what: 'the trainer cannot be started' });
    child.unref();
    if (givesWay) lowerPriority(pid);
    return { pid, ended, kill: () => child.kill('SIGKILL') };
  } finally {
    closeSync(log);
  }
}

/** The threads that it starts later are of its priority. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not permit it: it trains all the same.
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, 'a');
  } catch (thrown) {
    throw writeFailure(thrown, file);
  }
}

/** Waits until a child process runs. Throws `RunError` where it cannot be started. */
export async function started(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new RunError({ what: `the trainer cannot be started: ${cause.message}` }, { cause })),
    );
  });
}

/** Asks the trainer of a run to stop after its step, with a checkpoint. */
export function askToStop(paths: RunPaths): void {
  writeFileSync(paths.stop, '');
}

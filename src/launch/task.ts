import { spawn } from 'node:child_process';
import { RunError } from '../base/errors';
import type { TaskRequest } from '../protocol/tasks';
import { started, trainerCommand } from './trainerProcess';

/** How a task is watched. */
export interface TaskOptions {
  /** Told of each line that the task says meanwhile. */
  readonly note: (line: string) => void;
  /** Ends the task at once. */
  readonly signal: AbortSignal;
  /** The cache folder, where it is not the usual one. */
  readonly cache?: string | undefined;
}

/**
 * Lets a trainer process do a task in the background; answers what it printed. Rejects with `RunError` where it
 * failed or was ended.
 */
export async function startTask(request: TaskRequest, { note, signal, cache }: TaskOptions): Promise<string> {
  const { program, words, environment } = trainerCommand(cache);
  const child = spawn(program, [...words, 'task'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  let printed = '';
  let error = '';
  const heard = lines((line) => {
    if (line.startsWith('error: ')) error = line.slice('error: '.length);
    else if (error !== '') error += `\n${line}`;
    else note(line);
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr?.setEncoding('utf8').on('data', heard);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const end = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  try {
    await started(child);
    if (signal.aborted) end();
    else child.send(request);
    const code = await ended;
    if (code === 0) return printed;
    throw new RunError({ what: error === '' ? `the task ended with code ${code ?? 'unknown'}` : error });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Cuts what comes in pieces into lines. */
function lines(tell: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const parts = (rest + text).split(/\r?\n/u);
    rest = parts.pop() ?? '';
    for (const line of parts) tell(line);
  };
}

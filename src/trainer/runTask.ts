import { spawn } from 'node:child_process';
import { started, trainerCommand } from '../launch/trainerProcess';
import type { TaskRequest } from '../protocol/tasks';

/** Lets a trainer process do a task on this terminal; returns its exit code. */
export async function runTask(request: TaskRequest): Promise<number> {
  const { program, words, environment } = trainerCommand();
  const child = spawn(program, [...words, 'task'], {
    env: environment,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    windowsHide: true,
  });
  // Ctrl-C reaches the child as well; this process waits for its answer.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  try {
    await started(child);
    child.send(request);
    return await ended;
  } finally {
    process.off('SIGINT', wait);
  }
}

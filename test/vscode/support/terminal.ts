import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './places';

/** Calls the command line for a workspace, as in a terminal, and waits for its end. */
export function inTerminal(workspace: string, ...words: readonly string[]): void {
  execFileSync(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...words], {
    env: { ...process.env, EIGENLOOM_CACHE: join(workspace, '..', 'cache') },
    stdio: 'pipe',
  });
}

/** Runs an experiment of a workspace to its end from the command line. */
export function runInTerminal(workspace: string, experiment: string, ...words: readonly string[]): void {
  inTerminal(workspace, 'run', join(workspace, experiment), '--runs', join(workspace, 'runs'), ...words);
}

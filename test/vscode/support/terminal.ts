import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './places';

/** Runs an experiment of a workspace to its end from the command line, as from a terminal. */
export function runInTerminal(workspace: string, experiment: string, ...words: readonly string[]): void {
  execFileSync(
    process.execPath,
    [
      join(ROOT, 'dist', 'cli.js'),
      'run',
      join(workspace, experiment),
      '--runs',
      join(workspace, 'runs'),
      ...words,
    ],
    { env: { ...process.env, EIGENLOOM_CACHE: join(workspace, '..', 'cache') }, stdio: 'pipe' },
  );
}

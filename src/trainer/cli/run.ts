import { resolve } from 'node:path';
import { describeFacts } from '../../base/errors';
import { queueRun, readResumable } from '../../launch/newRun';
import { findRun } from '../../runs/store';
import { EXIT } from '../exit';
import { supervise } from './supervise';
import type { Terminal } from './terminal';

/** The options of `eigenloom run`. */
export interface RunOptions {
  readonly set: readonly string[];
  readonly runs: string;
  readonly json: boolean;
}

/** Trains an experiment file in a new run folder. Returns the exit code; throws `InputError` before anything is made. */
export async function runCommand(file: string, options: RunOptions, terminal: Terminal): Promise<number> {
  const { paths, warnings } = await queueRun(file, options.set, options.runs);
  for (const warning of warnings) terminal.note(`warning: ${describeFacts(warning)}`);
  return supervise(paths, terminal, options.json);
}

/** Goes on with a run from its latest checkpoint. Returns the exit code. */
export async function resumeCommand(
  reference: string,
  options: Omit<RunOptions, 'set'>,
  terminal: Terminal,
): Promise<number> {
  const { paths, status } = readResumable(findRun(reference, resolve(options.runs)));
  if (status === 'done') {
    if (options.json) terminal.print(JSON.stringify({ run: paths.folder }));
    if (options.json) terminal.print(JSON.stringify({ status, run: paths.folder }));
    else terminal.note(`the run is done already: ${paths.folder}`);
    return EXIT.done;
  }
  return supervise(paths, terminal, options.json);
}

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { describeFacts } from '../../base/errors';
import { throwAll } from '../../protocol/experiment/parse';
import { decodeExperiment } from '../../protocol/experiment/parse';
import { checkFiles, readExperiment } from '../../protocol/experiment/read';
import { decodeRunRecord } from '../../protocol/run/decode';
import { RUN_FORMAT_VERSION, type RunRecord } from '../../protocol/run/record';
import { createRun } from '../../runs/folder';
import { heldBy, lockHolder } from '../../runs/lock';
import { findRun, readRun } from '../../runs/store';
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
  const { experiment, source, warnings } = readExperiment(file, options.set);
  for (const warning of warnings) terminal.note(`warning: ${describeFacts(warning)}`);
  const paths = await createRun(resolve(options.runs), {
    name: experiment.name,
    config: source,
    record: (id, created): RunRecord => ({
      formatVersion: RUN_FORMAT_VERSION,
      id,
      name: experiment.name,
      status: 'queued',
      created: created.toISOString(),
      config: experiment,
      source: { file: resolve(file), overrides: [...options.set] },
      seed: experiment.training.seed,
      facts: { hashes: { config: createHash('sha256').update(source).digest('hex') } },
    }),
  });
  return supervise(paths, terminal, options.json);
}

/** Goes on with a run from its latest checkpoint. Returns the exit code. */
export async function resumeCommand(
  reference: string,
  options: Omit<RunOptions, 'set'>,
  terminal: Terminal,
): Promise<number> {
  const { paths, record, status } = readRun(findRun(reference, resolve(options.runs)), decodeRunRecord);
  const holder = lockHolder(paths.lock);
  if (holder !== undefined) throw heldBy(paths.lock, holder);
  if (status === 'done') {
    if (options.json) terminal.print(JSON.stringify({ run: paths.folder }));
    if (options.json) terminal.print(JSON.stringify({ status, run: paths.folder }));
    else terminal.note(`the run is done already: ${paths.folder}`);
    return EXIT.done;
  }
  throwAll(checkFiles(decodeExperiment(record.config, paths.record), () => ({ file: paths.record })));
  return supervise(paths, terminal, options.json);
}

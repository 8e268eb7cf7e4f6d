import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ErrorFacts } from '../base/errors';
import { decodeExperiment, throwAll } from '../protocol/experiment/parse';
import { checkFiles, experimentOf, readExperiment, type ReadExperiment } from '../protocol/experiment/read';
import { decodeRunRecord } from '../protocol/run/decode';
import { RUN_FORMAT_VERSION, type RunRecord } from '../protocol/run/record';
import { createRun, type RunPaths } from '../runs/folder';
import { heldBy, lockHolder } from '../runs/lock';
import { type FoundRun, readRun } from '../runs/store';

/** A run that is made and has not begun. */
export interface NewRun {
  readonly paths: RunPaths;
  /** What in the experiment has no effect. */
  readonly warnings: readonly ErrorFacts[];
}

/**
 * Makes the run folder of an experiment file with `--set` overrides on top, below `root`. Throws `InputError` before
 * anything is made.
 */
export async function queueRun(file: string, overrides: readonly string[], root: string): Promise<NewRun> {
  return makeRun(readExperiment(file, overrides), { file: resolve(file), overrides }, root);
}

/**
 * Makes another run of what a run was made of: its copy of the experiment file, read as if it still lay where the file
 * does, with the same `--set` overrides. Throws `InputError` before anything is made.
 */
export async function queueCopy(folder: string, root: string): Promise<NewRun> {
  const { paths, record } = readRun(folder, decodeRunRecord);
  const { file, overrides } = record.source;
  return makeRun(experimentOf(readFileSync(paths.config), file, overrides), record.source, root);
}

async function makeRun(
  { experiment, source, warnings }: ReadExperiment,
  { file, overrides }: { readonly file: string; readonly overrides: readonly string[] },
  root: string,
): Promise<NewRun> {
  const paths = await createRun(resolve(root), {
    name: experiment.name,
    config: source,
    record: (id, created): RunRecord => ({
      formatVersion: RUN_FORMAT_VERSION,
      id,
      name: experiment.name,
      status: 'queued',
      created: created.toISOString(),
      config: experiment,
      source: { file, overrides: [...overrides] },
      seed: experiment.training.seed,
      facts: { hashes: { config: createHash('sha256').update(source).digest('hex') } },
    }),
  });
  return { paths, warnings };
}

/**
 * Reads a run that is to go on. Throws `InputError` where a trainer is at work on it, or where something that it reads
 * is no longer there; a run that is done has nothing left to do, which is no error.
 */
export function readResumable(folder: string): FoundRun<RunRecord> {
  const found = readRun(folder, decodeRunRecord);
  const { paths, record, status } = found;
  const holder = lockHolder(paths.lock);
  if (holder !== undefined) throw heldBy(paths.lock, holder);
  if (status !== 'done') {
    throwAll(checkFiles(decodeExperiment(record.config, paths.record), () => ({ file: paths.record })));
  }
  return found;
}

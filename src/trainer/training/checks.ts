import { InputError } from '../../base/errors';
import type { DecoderConfig } from '../../engine/models/config';
import type { Experiment } from '../../protocol/experiment/types';
import type { RunFacts } from '../../protocol/run/record';
import { slidingWindow } from './model';
import { adaptedModules, checkGivenRanks } from '../../plan/ranks';

/**
 * What the model's config alone says against an experiment, looked at before anything slow: rows longer than the
 * model reads, targets that match nothing, a rank larger than a matrix. Throws an InputError with the key.
 */
export function checkExperiment(experiment: Experiment, config: DecoderConfig, file: string): void {
  checkLength(experiment, config);
  slidingWindow(config, experiment.data.max_length, file);
  const { adapter } = experiment;
  if (adapter.method === 'full') return;
  checkGivenRanks(adapter, adaptedModules(adapter, config));
}

/** Throws an InputError where rows may be longer than the model has positions. */
export function checkLength(experiment: Experiment, { maxPositions }: DecoderConfig): void {
  const { max_length: length } = experiment.data;
  if (length <= maxPositions) return;
  throw new InputError({
    what: 'rows may become longer than the model reads',
    key: 'data.max_length',
    got: String(length),
    expected: `at most ${maxPositions}, the model's max_position_embeddings`,
    remedy: 'Lower data.max_length.',
  });
}

type Hashes = NonNullable<RunFacts['hashes']>;

/** A run goes on only with the data and the weights it began with. Throws an InputError where they have changed. */
export function checkUnchanged(before: Hashes | undefined, now: Hashes, experiment: Experiment): void {
  for (const [part, key, file] of [
    ['data', 'data', [...experiment.data.train, ...(experiment.data.eval ?? [])].join(', ')],
    ['weights', 'model', experiment.model],
  ] as const) {
    if (before?.[part] === undefined || before[part] === now[part]) continue;
    throw new InputError({
      what: `the ${part === 'data' ? 'data' : "model's weights"} changed since the run began`,
      file,
      key,
      remedy: 'Put back what was there, or start a new run with `eigenloom run`.',
    });
  }
}

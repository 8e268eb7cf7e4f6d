import { InputError } from '../../base/errors';
import type { StepLayoutOptions } from '../../data/batch/step';
import type { Experiment } from '../../protocol/experiment/types';
import { slidingWindow, type LoadedModel } from './model';

/** Parts of the cross-entropy: the logits of a quarter of the positions are alive at once. */
export const LAYOUT_CHUNKS = 4;

/** How an experiment's batches are laid out for a model. InputError where rows may be longer than the model reads. */
export function layoutOptions(experiment: Experiment, model: LoadedModel): StepLayoutOptions {
  const { heads, kvHeads, maxPositions } = model.config;
  const { max_length: length } = experiment.data;
  if (length > maxPositions) {
    throw new InputError({
      what: 'rows may become longer than the model reads',
      key: 'data.max_length',
      got: String(length),
      expected: `at most ${maxPositions}, the model's max_position_embeddings`,
      remedy: 'Lower data.max_length.',
    });
  }
  return {
    heads,
    kvHeads,
    chunks: LAYOUT_CHUNKS,
    slidingWindow: slidingWindow(model.config, length, model.source.path),
  };
}

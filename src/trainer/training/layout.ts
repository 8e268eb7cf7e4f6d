import type { StepLayoutOptions } from '../../data/batch/step';
import type { Experiment } from '../../protocol/experiment/types';
import { checkLength } from './checks';
import { slidingWindow, type OpenedModel } from './model';

/** Parts of the cross-entropy: the logits of a quarter of the positions are alive at once. */
export const LAYOUT_CHUNKS = 4;

/** How an experiment's batches are laid out for a model. InputError where rows may be longer than the model reads. */
export function layoutOptions(experiment: Experiment, model: OpenedModel): StepLayoutOptions {
  const { heads, kvHeads } = model.config;
  const { max_length: length } = experiment.data;
  checkLength(experiment, model.config);
  return {
    heads,
    kvHeads,
    chunks: LAYOUT_CHUNKS,
    slidingWindow: slidingWindow(model.config, length, model.source.path),
  };
}

import type { ExperimentValues } from './schema/experiment';
import type { AdapterConfig, Experiment, RowForm, TrainingConfig } from './types';

/** Passes over the data where the file gives neither steps nor epochs: as Hugging Face's Trainer. */
const DEFAULT_EPOCHS = 3;

/**
 * Makes the experiment of checked values: the defaults that depend on other keys, and absolute paths by
 * `absolute`. Resolving what was resolved before changes nothing.
 */
export function resolveExperiment(
  values: ExperimentValues,
  name: string,
  absolute: (path: string) => string,
): Experiment {
  const { train, eval: evaluation, ...data } = values.data;
  return {
    ...values,
    name: values.name ?? name,
    model: absolute(values.model),
    data: {
      ...data,
      train: [train].flat().map(absolute),
      ...(evaluation === undefined ? {} : { eval: [evaluation].flat().map(absolute) }),
    },
    adapter: resolveAdapter(values.adapter, absolute),
    training: resolveTraining(values.training),
  };
}

function resolveAdapter(
  values: ExperimentValues['adapter'],
  absolute: (path: string) => string,
): AdapterConfig {
  const { method, ...rest } = values;
  if (method === 'full') return { method };
  return {
    ...rest,
    method,
    // Only lora is scaled: the others have scale 1 whatever the file says.
    alpha: method === 'lora' ? (values.alpha ?? values.rank) : values.rank,
    init_from: values.init_from === null ? null : absolute(values.init_from),
  };
}

function resolveTraining(values: ExperimentValues['training']): TrainingConfig {
  return {
    ...values,
    ...(values.max_steps === undefined && values.epochs === undefined ? { epochs: DEFAULT_EPOCHS } : {}),
    ...(values.warmup_steps === undefined && values.warmup_ratio === undefined ? { warmup_steps: 0 } : {}),
  };
}

/** How a row of a causal language model becomes text. The rules have checked that there is exactly one way. */
export function rowForm(data: Experiment['data']): RowForm {
  if (data.text !== undefined) return { kind: 'text', text: data.text };
  if (data.chat !== undefined) return { kind: 'chat', column: data.chat };
  return { kind: 'prompt-completion', prompt: data.prompt ?? '', completion: data.completion ?? '' };
}

import type { RowForm } from '../../../../protocol/experiment/types';
import { type Method, METHODS } from './methods';

/** What a new experiment is made of. Paths are as they are to stand in the file. */
export interface NewExperiment {
  readonly name: string;
  readonly model: string;
  readonly train: string;
  /** A file of its own for evaluation; a share of the training rows is held out otherwise. */
  readonly evaluation: string | undefined;
  readonly form: RowForm;
  readonly method: Method;
  /** The longest sequence that the model was made for. */
  readonly positions: number;
}

/** How many tokens of a row are read at most, where the model can take as many: more take more memory. */
const MAX_LENGTH = 512;

/** The text of an experiment file: short, with a comment where a word says more than the key. */
export function experimentText(experiment: NewExperiment): string {
  const { name, model, method } = experiment;
  const offer = METHODS.find((one) => one.method === method);
  return [
    `name: ${scalar(name)}`,
    `model: ${scalar(model)}`,
    '',
    'data:',
    ...indented(dataLines(experiment)),
    '',
    'adapter:',
    ...indented([
      `method: ${method}`.padEnd(24) + `# ${offer?.comment ?? ''}`,
      ...(offer?.rank === undefined ? [] : [`rank: ${offer.rank}`, 'target_modules: all-linear']),
    ]),
    '',
    'training:',
    ...indented([
      'epochs: 1'.padEnd(24) + '# or max_steps',
      'batch_size: 8',
      `learning_rate: ${offer?.learningRate ?? '2.0e-4'}`,
      'scheduler: cosine',
      'warmup_ratio: 0.03',
      'seed: 42',
    ]),
    '',
    'evaluation: { every: 50 }'.padEnd(26) + '# steps; also before the first and after the last',
    'checkpoint: { every: 100 }',
    'device: auto',
    '',
  ].join('\n');
}

function dataLines({ train, evaluation, form, positions }: NewExperiment): string[] {
  return [
    `train: ${scalar(train)}`,
    evaluation === undefined
      ? 'eval_fraction: 0.05'.padEnd(24) + '# held out by seed and content'
      : `eval: ${scalar(evaluation)}`,
    ...formLines(form),
    `max_length: ${Math.min(MAX_LENGTH, positions)}`.padEnd(24) + '# tokens; a longer row is cut',
  ];
}

function formLines(form: RowForm): string[] {
  switch (form.kind) {
    case 'text':
      return [`text: ${quoted(form.text)}`];
    case 'chat':
      return [`chat: ${scalar(form.column)}`];
    case 'prompt-completion':
      return [
        `prompt: ${quoted(form.prompt)}`,
        `completion: ${quoted(form.completion)}`.padEnd(24) + '  # the loss is on it alone',
      ];
  }
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Text that needs no quotes as it is. */
function scalar(text: string): string {
  const plain =
    /^[a-z_./][\w./-]*$/iu.test(text) && !/^(?:true|false|null|yes|no|on|off|\.+|~)$/iu.test(text);
  return plain && !/^\.(?:inf|nan)$/iu.test(text) ? text : quoted(text);
}

/** A double-quoted scalar: every JSON text is one. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

import * as Type from 'typebox';
import { nullable, pathOrList, section } from './helpers';

/** `data:` — which rows, and how a row becomes tokens. */
export const dataSchema = section(
  {
    train: pathOrList({
      description:
        'The training rows: a path or a list of paths, relative to this file. jsonl, json, csv, tsv, txt or parquet, told apart by the ending.',
    }),
    eval: Type.Optional(
      pathOrList({ description: 'The evaluation rows: a path or a list of paths, relative to this file.' }),
    ),
    eval_fraction: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        examples: [0.05, 0.1],
        description:
          'The share of the training rows held out for evaluation, in place of `eval`. Which rows depends on the seed and the row alone, so rows that are added later move none.',
      }),
    ),
    text: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Plain language modelling: a template with {column} in braces. Every token is supervised. A .txt file has one column, text.',
      }),
    ),
    prompt: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The template of the prompt, with {column} in braces; its tokens are not supervised. Needs `completion`.',
      }),
    ),
    completion: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The template of the completion, with {column} in braces. It is tokenised on its own; only it and the end-of-sequence token are supervised. Needs `prompt`.',
      }),
    ),
    chat: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The column that holds chat messages (role, content). They go through the model's own chat template; only the assistant's turns are supervised.",
      }),
    ),
    inputs: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 2,
        description: 'The columns that are read by the model (classification, regression): one, or a pair.',
      }),
    ),
    label: Type.Optional(
      Type.String({ minLength: 1, description: 'The column of the label (classification, regression).' }),
    ),
    source: Type.Optional(
      Type.String({ minLength: 1, description: 'The column that the encoder reads (seq2seq).' }),
    ),
    target: Type.Optional(
      Type.String({ minLength: 1, description: 'The column that the decoder learns to write (seq2seq).' }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        uniqueItems: true,
        description: 'The names of the columns, for csv and tsv files that have no header line.',
      }),
    ),
    max_length: Type.Integer({
      minimum: 2,
      maximum: 1_048_576,
      default: 512,
      examples: [128, 256, 512, 1024, 2048],
      unit: 'tokens',
      description: 'The most tokens of a row; longer rows are cut from the right.',
    }),
    packing: Type.Boolean({
      default: false,
      description: 'Several samples share one row of `max_length` tokens. They never attend to each other.',
    }),
    max_rows: nullable(Type.Integer({ minimum: 1 }), {
      default: null,
      examples: [1000],
      unit: 'rows',
      description: 'Use the first rows of the training data only. null: all of them.',
    }),
    max_eval_rows: nullable(Type.Integer({ minimum: 1 }), {
      default: null,
      examples: [200],
      unit: 'rows',
      description: 'Use the first rows of the evaluation data only. null: all of them.',
    }),
  },
  'Which rows to train and evaluate on, and how a row becomes tokens: exactly one of text, prompt + completion, chat.',
  false,
);

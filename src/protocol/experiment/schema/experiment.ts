import type { Static } from 'typebox';
import * as Type from 'typebox';
import { adapterSchema } from './adapter';
import { dataSchema } from './data';
import { nullable, oneOf, section } from './helpers';
import { trainingSchema } from './training';

/**
 * The whole experiment file: the one source of its types, checks, defaults and descriptions. It is JSON Schema
 * (draft 2020-12). Keys with a default are written as required here, since they always have a value once a file
 * has been read; `inputForm` makes the schema for files, in which they may be left out.
 */
export const experimentSchema = section(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "What the run is called. Default: the file's name without `.tune.yaml`.",
      }),
    ),
    model: Type.String({
      minLength: 1,
      description:
        'The pre-trained model: a folder in Hugging Face form (config.json, *.safetensors, tokenizer.json), a .gguf, an .onnx or a hub id; paths are relative to this file.',
    }),
    task: oneOf(['causal-lm', 'classification', 'regression', 'seq2seq'], {
      default: 'causal-lm',
      description: 'What the model learns to do with a row.',
    }),
    data: dataSchema,
    adapter: adapterSchema,
    training: trainingSchema,
    memory: section(
      {
        recompute: oneOf(['auto', 'none', 'cheap', 'layers'], {
          default: 'auto',
          description:
            'What the backward pass computes again instead of keeping. none: nothing. cheap: norms, activations and attention probabilities. layers: everything but the residual stream. auto: the fastest that fits into memory.',
        }),
      },
      'How memory is traded for time.',
    ),
    evaluation: section(
      {
        every: nullable(Type.Integer({ minimum: 1 }), {
          default: null,
          examples: [50, 100],
          unit: 'optimiser steps',
          description: 'Optimiser steps between evaluations. null: at the start and the end only.',
        }),
        metrics: Type.Array(oneOf(['perplexity'], { description: 'e to the power of the mean loss.' }), {
          uniqueItems: true,
          default: ['perplexity'],
          description: 'What is measured beside the loss.',
        }),
      },
      'When and what to evaluate.',
    ),
    checkpoint: section(
      {
        every: nullable(Type.Integer({ minimum: 1 }), {
          default: 100,
          examples: [50, 100, 500],
          unit: 'optimiser steps',
          description: 'Optimiser steps between checkpoints. null: only when the run is stopped.',
        }),
        keep: Type.Integer({
          minimum: 1,
          default: 2,
          examples: [1, 2, 3],
          unit: 'checkpoints',
          description: 'How many of the latest checkpoints are kept.',
        }),
      },
      'When to save what a run can be resumed from.',
    ),
    device: oneOf(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'], {
      default: 'auto',
      description:
        "Which of onnxruntime's providers trains. auto: the fastest that is there, and the run says why.",
    }),
    threads: nullable(Type.Integer({ minimum: 1, maximum: 1024 }), {
      default: null,
      examples: [1, 2, 4, 8],
      unit: 'threads',
      description: "Threads of the CPU provider. null: onnxruntime's own choice.",
    }),
    base: section(
      {
        precision: oneOf(['f32', 'f16', 'bf16'], {
          default: 'f32',
          description: 'The type in which the frozen base computes.',
        }),
        quantization: oneOf(['none', 'int8', 'nf4'], {
          default: 'none',
          description: 'How the frozen base is stored.',
        }),
      },
      'How the frozen base is held.',
    ),
  },
  'A fine-tuning experiment.',
  false,
);

/** The file's values once validated and with defaults, before the rules that span keys. */
export type ExperimentValues = Static<typeof experimentSchema>;

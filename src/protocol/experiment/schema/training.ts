import * as Type from 'typebox';
import { nullable, oneOf, section } from './helpers';

/** `training:` — the optimiser, its schedule and the batches. */
export const trainingSchema = section(
  {
    max_steps: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        examples: [100, 300, 1000],
        unit: 'optimiser steps',
        description: 'Optimiser steps in all. Excludes `epochs`.',
      }),
    ),
    epochs: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1_000_000,
        examples: [1, 2, 3],
        unit: 'passes over the rows',
        description:
          'Passes over the training rows; may be a fraction. Excludes `max_steps`. Default: 3, where neither is given.',
      }),
    ),
    batch_size: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 8,
      examples: [1, 2, 4, 8, 16, 32],
      unit: 'sequences',
      description: 'Sequences in one forward and backward pass.',
    }),
    gradient_accumulation: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 1,
      examples: [1, 2, 4, 8],
      unit: 'passes',
      description: 'Passes that are summed up into one optimiser step.',
    }),
    learning_rate: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1000,
      default: 2e-4,
      examples: [5e-5, 1e-4, 2e-4, 4e-4, 1e-3],
      description: 'The highest learning rate of the schedule.',
    }),
    scheduler: oneOf(['constant', 'linear', 'cosine'], {
      default: 'linear',
      description:
        'How the learning rate moves after the warm-up: constant, or down to 0 in a line or half a cosine.',
    }),
    warmup_steps: Type.Optional(
      Type.Integer({
        minimum: 0,
        examples: [0, 10, 20, 100],
        unit: 'optimiser steps',
        description:
          'Optimiser steps over which the learning rate climbs from 0. Excludes `warmup_ratio`. Default: 0.',
      }),
    ),
    warmup_ratio: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        examples: [0.03, 0.1],
        description: 'The warm-up as a share of all optimiser steps. Excludes `warmup_steps`.',
      }),
    ),
    weight_decay: Type.Number({
      minimum: 0,
      maximum: 1000,
      default: 0,
      examples: [0, 0.01, 0.1],
      description: 'AdamW: the decoupled decay, as a multiple of the learning rate.',
    }),
    adam: section(
      {
        beta1: Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.9,
          description: 'The decay of the mean of the gradients.',
        }),
        beta2: Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.999,
          description: 'The decay of the mean of the squared gradients.',
        }),
        epsilon: Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          default: 1e-8,
          description: 'Added to the denominator of the update.',
        }),
      },
      'The constants of AdamW.',
    ),
    max_grad_norm: nullable(Type.Number({ exclusiveMinimum: 0 }), {
      default: 1,
      examples: [0.3, 1],
      description: 'The gradient is scaled down to this norm over all trained parameters. null: no clipping.',
    }),
    shuffle: Type.Boolean({
      default: true,
      description: 'A new order of the rows in each epoch, from the seed. false: the order of the file.',
    }),
    group_by_length: Type.Boolean({
      default: false,
      description: 'Rows of like length share a batch, which wastes less on padding; seeded.',
    }),
    seed: Type.Integer({
      minimum: 0,
      maximum: 4_294_967_295,
      default: 42,
      description: 'The seed of everything random: initialisation, order of rows, dropout, held-out rows.',
    }),
  },
  'The optimiser, its schedule and the batches.',
);

import * as Type from 'typebox';
import { nullable, oneOf, section } from './helpers';

/** The adapter methods of the contract. */
const METHODS = ['lora', 'pissa', 'lamda', 'lamda++', 'full'] as const;

const targetModules = Type.Unsafe<'all-linear' | string[]>({
  anyOf: [
    { type: 'string', enum: ['all-linear'] },
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true }),
  ],
  default: 'all-linear',
  description:
    "The modules that get an adapter, by the last part of their name, e.g. [q_proj, v_proj]. all-linear: every linear module of the model's layers.",
});

/** `adapter:` — what is trained, and how it is initialised. */
export const adapterSchema = section(
  {
    method: oneOf(METHODS, {
      default: 'lora',
      description:
        'lora: B A x beside W x. pissa: LoRA started from the principal singular directions of W. lamda: frozen principal directions, a trained r × r core and a second projection that freezes gradually. lamda++: lamda with a rank for each module. full: every weight is trained.',
    }),
    rank: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 16,
      examples: [4, 8, 16, 32, 64, 128],
      description: 'The rank r of each adapter; for lamda++ the mean rank over the modules.',
    }),
    alpha: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        examples: [16, 32, 64],
        description:
          'lora: the adapter is scaled by alpha / rank. Default: the rank, so a scale of 1. pissa and lamda always have scale 1.',
      }),
    ),
    use_rslora: Type.Boolean({
      default: false,
      description: 'lora: scale by alpha / √rank (rank-stabilised LoRA) instead of alpha / rank.',
    }),
    dropout: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      examples: [0, 0.05, 0.1],
      description:
        "lora: the probability with which an element of the adapter's input is dropped while training.",
    }),
    target_modules: targetModules,
    ranks: section(
      {
        candidates: Type.Array(Type.Integer({ minimum: 1, maximum: 65_536 }), {
          minItems: 1,
          uniqueItems: true,
          default: [8, 16, 32, 64],
          description:
            'The ranks that a module may get. A rank beyond a matrix is cut to what the matrix has.',
        }),
        allocation: oneOf(['equal-energy', 'energy-bins', 'uniform'], {
          default: 'equal-energy',
          description:
            'equal-energy: every module keeps the same share of its spectral energy. energy-bins: modules ordered by energy, cut into groups of one rank each. uniform: one rank for all.',
        }),
        spectrum: Type.Optional(
          oneOf(['weights', 'gradient'], {
            description:
              "Whose singular values decide: the weights', or those of the loss's gradient over the first batches, which tell where the task needs directions. Default: as adapter.basis.",
          }),
        ),
        budget: nullable(Type.Integer({ minimum: 1 }), {
          default: null,
          description:
            'The most trainable parameters, while the second projection is trained too. null: the mean rank, adapter.rank, is the budget.',
        }),
        min: nullable(Type.Integer({ minimum: 1, maximum: 65_536 }), {
          default: null,
          description: 'Candidates below this are not used.',
        }),
        max: nullable(Type.Integer({ minimum: 1, maximum: 65_536 }), {
          default: null,
          description: 'Candidates above this are not used.',
        }),
        pinned: Type.Record(Type.String({ minLength: 1 }), Type.Integer({ minimum: 1, maximum: 65_536 }), {
          default: {},
          examples: [{ v_proj: 64, 'layers.0.*': 8 }],
          description:
            'Ranks that are set by hand: a name, path or pattern as in target_modules, and its rank. They count towards the budget; of two that match a module the later one holds.',
        }),
      },
      'lamda++: how the ranks are chosen.',
    ),
    freeze: section(
      {
        fraction: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.3,
          examples: [0.1, 0.3, 0.5],
          description: 'The share of the optimiser steps after which the second projection is wholly frozen.',
        }),
      },
      'lamda, lamda++: the gradual freezing of the second projection.',
    ),
    basis: oneOf(['weights', 'gradient'], {
      default: 'weights',
      description:
        "lamda, lamda++: whose singular directions are used: the weights' (as in the paper), or those of the loss's gradient over the run's first 8 batches, with a core that starts at 0.",
    }),
    core_only: Type.Boolean({
      default: false,
      description:
        'lamda, lamda++: the second projection is frozen from the start; only the r × r core is trained.',
    }),
    balance: Type.Boolean({
      default: true,
      description:
        "lamda, lamda++: share the singular values' scale between the core and the second projection. The function is the same; the learning rate that suits it changes less with the module.",
    }),
    init_from: nullable(Type.String({ minLength: 1 }), {
      default: null,
      description: 'lora: a PEFT adapter folder to start from, relative to this file. null: a fresh adapter.',
    }),
  },
  'What is trained, and how it is initialised.',
);

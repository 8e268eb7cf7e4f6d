import type { Static } from 'typebox';
import * as Type from 'typebox';
import { RUN_STATUSES, type RunStatus } from './status';

/** The version of `run.json` that is written. A reader refuses any other. */
export const RUN_FORMAT_VERSION = 1;

const number = Type.Number();
const text = Type.String();

const evalFacts = Type.Object({ step: number, loss: number, perplexity: number });

/** What the trainer finds out about a run: each is added to `run.json` as soon as it is known. */
const runFactsSchema = Type.Object({
  /** Optimiser steps of the whole run. */
  total_steps: Type.Optional(number),
  /** SHA-256 (hex) of what went in. `config` is of the file's bytes. */
  hashes: Type.Optional(
    Type.Object({ config: Type.Optional(text), data: Type.Optional(text), weights: Type.Optional(text) }),
  ),
  /** The provider that trains, and why that one. */
  device: Type.Optional(Type.Object({ provider: text, reason: text })),
  /** How many nodes of each session each provider took. */
  placement: Type.Optional(
    Type.Array(
      Type.Object({ session: text, provider: text, nodes: number, fallback: Type.Optional(number) }),
    ),
  ),
  /** What `memory.recompute` came to, and the peak that was predicted, in MB (10^6 bytes). */
  memory: Type.Optional(Type.Object({ recompute: text, predicted_mb: number })),
  /** Rows read, rows dropped since no token of them is supervised, and tokens. */
  data: Type.Optional(
    Type.Object({
      train_rows: number,
      train_dropped: number,
      eval_rows: Type.Optional(number),
      eval_dropped: Type.Optional(number),
      train_tokens: Type.Optional(number),
      train_supervised: Type.Optional(number),
    }),
  ),
  /** The step-0 check: the largest difference of the logits with and without the adapter, and its bound. */
  equivalence: Type.Optional(Type.Object({ max_error: number, relative_error: number, bound: number })),
  /** The phases of a run in which less and less is trained (LaMDA). */
  phases: Type.Optional(
    Type.Array(
      Type.Object({
        name: text,
        from_step: number,
        trainable: number,
        /** Floating-point operations of a step's matrix products, a mean over the first epoch's. */
        flops: Type.Optional(number),
        step_seconds: Type.Optional(number),
        rss_mb: Type.Optional(number),
        predicted_mb: Type.Optional(number),
      }),
    ),
  ),
  /** Trained numbers summed over the steps, divided by the steps. */
  updates_per_step: Type.Optional(number),
  trainable: Type.Optional(number),
  adapter_bytes: Type.Optional(number),
});

/** See {@link runFactsSchema}. */
export type RunFacts = Static<typeof runFactsSchema>;

const processSchema = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** What tells this process from a later one of the same number; null where the system doesn't say. */
  started: Type.Union([text, Type.Null()]),
});

/** A failure as kept on disk: the sentence and the facts it was made of. */
const failureSchema = Type.Object({
  kind: Type.Union([Type.Literal('input'), Type.Literal('run'), Type.Literal('bug')]),
  message: text,
  facts: Type.Optional(Type.Record(text, Type.Unknown())),
  stack: Type.Optional(text),
});

/** See {@link failureSchema}. */
export type RunFailure = Static<typeof failureSchema>;

/** `run.json`. Fields that are not named here are kept as they are. Times are ISO 8601 in UTC. */
export const runRecordSchema = Type.Object({
  formatVersion: Type.Literal(RUN_FORMAT_VERSION),
  id: text,
  name: text,
  status: Type.Unsafe<RunStatus>({ type: 'string', enum: [...RUN_STATUSES] }),
  created: text,
  started: Type.Optional(text),
  ended: Type.Optional(text),
  /** The resolved experiment, as `decodeExperiment` reads it. */
  config: Type.Unknown(),
  /** The experiment file the run was made from, absolute, and the `--set` values on top of it. */
  source: Type.Object({ file: text, overrides: Type.Array(text) }),
  seed: number,
  versions: Type.Optional(Type.Record(text, text)),
  machine: Type.Optional(
    Type.Object({
      platform: text,
      arch: text,
      cpu: text,
      cores: number,
      memory_mb: number,
      hostname: text,
    }),
  ),
  process: Type.Optional(processSchema),
  /** The steps from which the run was resumed, in order. */
  resumed_from: Type.Optional(Type.Array(number)),
  facts: Type.Optional(runFactsSchema),
  /** The last train line, the last and the best evaluation (lowest loss), and the first one. */
  last: Type.Optional(Type.Object({ step: number, loss: number })),
  first_eval: Type.Optional(evalFacts),
  last_eval: Type.Optional(evalFacts),
  best_eval: Type.Optional(evalFacts),
  error: Type.Optional(failureSchema),
});

/** See {@link runRecordSchema}. */
export type RunRecord = Static<typeof runRecordSchema>;

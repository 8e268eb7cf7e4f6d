import type { Static } from 'typebox';
import * as Type from 'typebox';
import { numbers } from './panels/arrays';
import { method } from './rpc';

const text = Type.String();
const number = Type.Number();
const optional = Type.Optional;

/** A provider of onnxruntime, and whether it can be used here. */
const providerSchema = Type.Object({
  device: text,
  available: Type.Boolean(),
  /** Its graphics card or processor where it is there, or why it is not. */
  detail: text,
});

const devicesSchema = Type.Object({
  providers: Type.Array(providerSchema),
  /** What `device: auto` takes here, and why. */
  chosen: text,
  reason: text,
  memory_mb: number,
  free_mb: number,
  cores: number,
  cpu: text,
});
export type DevicesInfo = Static<typeof devicesSchema>;

const modelSchema = Type.Object({
  architecture: text,
  layers: number,
  parameters: number,
  /**
   * The names that `adapter.target_modules` may hold, e.g. `q_proj`; of how many matrices of which shape each is, and
   * their full paths.
   */
  modules: Type.Array(
    Type.Object({ name: text, count: number, rows: number, columns: number, paths: Type.Array(text) }),
  ),
  vocabulary: number,
  /** The longest sequence that the model was made for. */
  positions: number,
  has_chat_template: Type.Boolean(),
});
export type ModelInfo = Static<typeof modelSchema>;

const dataSchema = Type.Object({
  columns: Type.Array(text),
  /** The first rows; each value as text, cut to a few hundred characters. */
  rows: Type.Array(Type.Record(text, text)),
  /** Rows in the file, where that is known without reading all of it. */
  count: optional(number),
  /** Columns that hold a list of chat messages. */
  chat: Type.Array(text),
});
export type DataInfo = Static<typeof dataSchema>;

/** A run of tokens that are treated alike. */
const pieceSchema = Type.Object({
  tokens: Type.Array(
    Type.Object({
      id: number,
      /** Empty where the token is a part of a character that a later one ends. */
      text,
      /** A special token: one that no text is made into. */
      special: optional(Type.Boolean()),
    }),
  ),
  state: Type.Union([Type.Literal('trained'), Type.Literal('ignored'), Type.Literal('truncated')]),
});
export type TokenPiece = Static<typeof pieceSchema>;

const previewRowSchema = Type.Object({
  /** Row of the data, from 0. */
  row: number,
  /** Where it stands. */
  file: text,
  line: number,
  pieces: Type.Array(pieceSchema),
  /** Tokens before the cut. */
  length: number,
  trained: number,
  truncated: number,
  /** Tokens at the end that are not among the pieces, since there are too many to show. */
  omitted: number,
  /** No token is left to learn from: the run drops this row. */
  dropped: Type.Boolean(),
  /** Why it is dropped. */
  why: optional(text),
  /** Held out for evaluation by `data.eval_fraction`. */
  held_out: Type.Boolean(),
});
export type PreviewRow = Static<typeof previewRowSchema>;

/** What the first rows are like, together. */
const previewSummarySchema = Type.Object({
  /** Rows that were looked at. */
  rows: number,
  mean_length: number,
  longest: number,
  /** Share of the tokens, after the cut, that are learnt. */
  trained_share: number,
  truncated: number,
  dropped: number,
});
export const previewSchema = Type.Object({
  rows: Type.Array(previewRowSchema),
  /** Rows there are; where `complete` is false, at least so many. */
  total: number,
  complete: Type.Boolean(),
  max_length: number,
  /** Several rows share a sequence of `max_length` tokens; none sees another's. */
  packing: Type.Boolean(),
  summary: previewSummarySchema,
});
export type TokenPreview = Static<typeof previewSchema>;

const findingSchema = Type.Object({
  severity: Type.Union([Type.Literal('error'), Type.Literal('warning'), Type.Literal('info')]),
  /** One sentence with the next step in it. */
  message: text,
  file: optional(text),
  line: optional(number),
  column: optional(number),
});
export type Finding = Static<typeof findingSchema>;

const preflightSchema = Type.Object({
  findings: Type.Array(findingSchema),
  device: optional(text),
  predicted_mb: optional(number),
  available_mb: optional(number),
  trainable: optional(number),
  steps: optional(number),
});
export type Preflight = Static<typeof preflightSchema>;

/** Values of keys with which a run takes less memory, and what it takes then; what is not named stays as it is. */
const memoryWaySchema = Type.Object({
  recompute: optional(Type.Union([Type.Literal('cheap'), Type.Literal('layers')])),
  batch_size: optional(number),
  gradient_accumulation: optional(number),
  predicted_mb: number,
});
export type MemoryWay = Static<typeof memoryWaySchema>;

const estimateSchema = Type.Object({
  /** What it would train on. */
  device: text,
  /** The peak of the run's memory, and what programs may take here now. */
  predicted_mb: number,
  available_mb: number,
  /** Where that does not fit: what would, with the same optimiser steps. The one that costs the least time first. */
  ways: Type.Array(memoryWaySchema),
});
export type MemoryEstimate = Static<typeof estimateSchema>;

const qualitySchema = Type.Union([Type.Literal('exact'), Type.Literal('fast')]);
/** `exact`: every singular value. `fast`: the top ones, from a randomised decomposition, with a bound. */
export type SpectrumQuality = Static<typeof qualitySchema>;

const spectrumSchema = Type.Object({
  /** The module's path. */
  module: text,
  /** Singular values, descending: all of them where `exact`, else the top ones. */
  values: numbers,
  /** ||W||_F, of the whole weight. */
  frobenius: number,
  /** The most that each value may be off by, absolute. */
  error_bound: number,
  exact: Type.Boolean(),
});
export type WeightSpectrum = Static<typeof spectrumSchema>;

const relationSchema = Type.Object({
  /** The number r of directions of the change that are compared. */
  rank: number,
  /** ||U_r(W)^T U_r(Delta W)||_F^2 / r, 0 to 1 (Hu et al. 2021, eq. 4). */
  overlap: number,
  /** Share of ||Delta W||_F^2 outside the weight's top r directions on either side, 0 to 1. */
  fresh: number,
  /** overlaps[k - 1]: the same as `overlap`, with the weight's top k directions; for all that were found. */
  overlaps: numbers,
});
/** How a change Delta W of a weight lies to the weight W; both shares are 0 where nothing has changed. */
export type WeightRelation = Static<typeof relationSchema>;

const differenceSchema = Type.Object({ spectrum: spectrumSchema, relation: relationSchema });
/** What one model has learnt beyond another, in one weight. */
export type WeightDifference = Static<typeof differenceSchema>;

const cacheSchema = Type.Object({ kind: text, label: text, entries: number, bytes: number });
export type CacheInfo = Static<typeof cacheSchema>;

/**
 * What the inspector answers: a child process that reads models, data and caches, and asks onnxruntime what there is.
 * Paths are absolute; text is that of the editor, saved or not. Every method rejects with `InputError` for what the
 * user can mend.
 */
export const inspectorApi = {
  devices: method([], devicesSchema),
  model: method([text], modelSchema),
  /** The columns and first rows of a data file; names for the columns of a file without a header. */
  data: method([text, Type.Array(text)], dataSchema),
  /** The tokens of rows `from`, `from` + 1, … (`count` of them) of an experiment: its file, and its text. */
  preview: method([text, text, number, number], previewSchema),
  /** What would keep a run from starting, or end it: the experiment's file and `--set` overrides. */
  preflight: method([text, Type.Array(text)], preflightSchema),
  /**
   * What a run of an experiment's text would take of this machine, by its first rows: the file, the text, and the
   * device that `auto` is known to choose, or ''.
   */
  estimate: method([text, text, text], estimateSchema),
  /** The spectra of a model's linear layers that are known already. */
  spectra: method([text], Type.Array(spectrumSchema)),
  /** The spectrum of one linear layer of a model, by its path; kept for the next time. */
  spectrum: method([text, text, qualitySchema], spectrumSchema),
  /**
   * How the change that a run's adapter makes to one linear layer (its result, or its newest checkpoint) lies to the
   * layer's weight: the run's folder, and the module's path. After full fine-tuning ask for the `difference`.
   */
  relation: method([text, text], relationSchema),
  /**
   * W_tuned - W_base of one linear layer: two models, the module's path. `tuned` may be the folder of a run of full
   * fine-tuning. Compared are as many of its top directions as hold nine tenths of its energy, at most 64.
   */
  difference: method([text, text, text], differenceSchema),
  /**
   * What is known of these run folders, to be listed: lines of the run explorer's cache. Runs at work and broken ones
   * are left out.
   */
  survey: method([Type.Array(text)], Type.Array(text)),
  caches: method([], Type.Object({ folder: text, caches: Type.Array(cacheSchema) })),
  /** Empties one cache; answers how many bytes are free now. */
  clearCache: method([text], number),
} as const;

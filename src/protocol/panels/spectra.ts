import type { Static } from 'typebox';
import * as Type from 'typebox';
import { Check } from 'typebox/schema';
import { method, notice } from '../rpc';
import { numbers } from './arrays';
import { moduleProps, pictureCalls, rankSchema, subjectCalls, subjectSchema, viewHead } from './subject';

const text = Type.String();
const number = Type.Number();
const flag = Type.Boolean();
const optional = Type.Optional;

const moduleSchema = Type.Object({
  ...moduleProps,
  /** The rank that the experiment gives it; absent where it is not adapted. */
  rank: optional(rankSchema),
});
/** A module whose spectra are looked at. */
export type SpectraModule = Static<typeof moduleSchema>;

const setSchema = Type.Object({
  key: text,
  /** For people, e.g. the model's name. */
  name: text,
  /** Of the weights W of a model, or of what training changed in them (Delta W). */
  of: Type.Union([Type.Literal('weights'), Type.Literal('change')]),
});
/** Spectra that belong together: those of one model, or of one run's change. */
export type SpectraSet = Static<typeof setSchema>;

/** How the change of a module lies to the weight that it was made to. */
const relationSchema = Type.Object({
  /** The number r of directions of the change that are compared. */
  rank: rankSchema,
  /**
   * How much of the change's top r left singular directions lies in the span of the weight's top r, 0 to 1:
   * ||U_r(W)^T U_r(Delta W)||_F^2 / r (Hu et al. 2021, eq. 4).
   */
  overlap: number,
  /** Share of ||Delta W||_F^2 outside the weight's top r directions on either side, 0 to 1. */
  fresh: number,
  /** overlaps[k - 1]: the same as `overlap`, with the weight's top k directions; rises with k. */
  overlaps: optional(numbers),
});
export type ChangeRelation = Static<typeof relationSchema>;

const spectrumSchema = Type.Object({
  /** The module, and the set that it belongs to. */
  path: text,
  set: text,
  /** Singular values, descending: all min(rows, columns) of them, or the top ones where only those are known. */
  values: numbers,
  /** ||W||_F, of the whole matrix. */
  frobenius: number,
  /** The most that each value may be off by, absolute. */
  errorBound: number,
  /** Whether it is a decomposition to machine precision; else a randomised one, which may be refined later. */
  exact: flag,
  /** Measures of the whole spectrum; what needs values that are not known yet is absent. */
  measures: Type.Object({
    /** exp of the entropy of the normalised singular values (Roy & Vetterli 2007). */
    effectiveRank: optional(number),
    /** ||W||_F^2 / sigma_1^2. */
    stableRank: optional(number),
    /** Slope of log sigma over log i: negative, the steeper the faster the values fall. */
    decay: optional(number),
    /** Of a change that LaMDA makes: the columns of the second projection that were still trained. */
    live: optional(number),
  }),
  /** Of a change. */
  relation: optional(relationSchema),
});
/** The singular values of one matrix. */
export type Spectrum = Static<typeof spectrumSchema>;

const viewSchema = Type.Object({
  ...viewHead,
  /** In the order of the model. */
  modules: Type.Array(moduleSchema),
  /** Weights before changes. Of a run the first change is shown until another set is chosen, else the first set. */
  sets: Type.Array(setSchema),
  /** The model that is compared with, by its path. */
  compared: optional(Type.Object({ path: text, name: text })),
  /** The step of training whose change the timeline's set holds; absent where there is no timeline. */
  step: optional(number),
  /** What the experiment says; absent where there is none, or no rank to be set. */
  adapter: optional(Type.Object({ method: text, rank: rankSchema })),
});
/** All that the page shows beside the spectra. */
export type SpectraView = Static<typeof viewSchema>;

const rangeSchema = Type.Tuple([number, number]);
const pointsSchema = Type.Object({ xs: numbers, ys: numbers });

const timelineSchema = Type.Object({
  /** The set whose spectra are those of one step. */
  set: text,
  /** For people: the run's name. */
  run: text,
  /** A trainer is at work on it: further steps may come. */
  live: flag,
  /** The steps that were recorded, ascending. */
  steps: numbers,
  /** The losses over the steps, thinned out. */
  train: pointsSchema,
  eval: pointsSchema,
  /** The least and the greatest value of each measure over all steps, so that a colour means the same at each. */
  ranges: Type.Record(text, rangeSchema),
  /** The least and the greatest singular value that is worth drawing over all steps, by module. */
  reach: Type.Record(text, rangeSchema),
});
/** What training changed, step by step. */
export type Timeline = Static<typeof timelineSchema>;

const patchSchema = Type.Object({
  view: viewSchema,
  /** Those that are new, or better than before. */
  spectra: Type.Array(spectrumSchema),
  /** Where it is another than before; one without steps where there is none any more. */
  timeline: optional(timelineSchema),
});
/** What is new; a snapshot is a patch that has everything. */
export type SpectraPatch = Static<typeof patchSchema>;

/** What a CSV table is made of. */
const tableSchema = Type.Union([
  /** A row a module: the measures. */
  Type.Object({
    of: Type.Literal('measures'),
    /** The rank at which the energy is told; null: each module's own. */
    rank: Type.Union([Type.Null(), rankSchema]),
  }),
  /** A row a singular value, of these modules. */
  Type.Object({ of: Type.Literal('values'), paths: Type.Array(text) }),
]);
export type SpectraTable = Static<typeof tableSchema>;

/** What the host answers. */
export const spectraHostApi = {
  ...subjectCalls,
  ...pictureCalls,
  ready: method([], patchSchema),
  /** Writes the rank into the experiment, as one edit that can be undone. */
  setRank: notice(rankSchema),
  /** Shows what had changed after a step; null: after the last, also while further ones come. */
  showStep: notice(Type.Union([Type.Null(), number])),
  /** Asks which model to compare with. */
  compare: notice(),
  /** Compares with nothing any more. */
  endComparison: notice(),
  saveCsv: method([tableSchema], flag),
} as const;

/** What the page answers. */
export const spectraPanelApi = { patch: notice(patchSchema) } as const;

const measureSchema = Type.Union([
  Type.Literal('energy'),
  Type.Literal('effectiveRank'),
  Type.Literal('stableRank'),
  Type.Literal('sigma'),
  Type.Literal('decay'),
  Type.Literal('overlap'),
  Type.Literal('fresh'),
  Type.Literal('live'),
]);
/** What a cell of the map tells. */
export type SpectraMeasure = Static<typeof measureSchema>;

/** What survives a reload. */
const savedSpectraSchema = Type.Object({
  version: Type.Literal(2),
  subject: optional(subjectSchema),
  /** What the map tells of weights, and what of changes. */
  measure: measureSchema,
  changeMeasure: measureSchema,
  /** The set that the map shows; null: the first. */
  set: Type.Union([Type.Null(), text]),
  /** Sets whose curves are not drawn. */
  hidden: Type.Array(text),
  /** The modules whose curves are drawn. */
  chosen: Type.Array(text),
  logX: flag,
  logY: flag,
  /** Whether the cumulative energy is drawn. */
  share: flag,
  /** Which tables are unfolded. */
  tables: Type.Array(text),
  /** The step of training that is shown; null: the last. */
  step: Type.Union([Type.Null(), number]),
  /** The path of the model that is compared with. */
  compared: optional(text),
});
export type SavedSpectra = Static<typeof savedSpectraSchema>;

/** What a panel wrote down; undefined where it is of another version or broken. */
export function decodeSavedSpectra(value: unknown): SavedSpectra | undefined {
  return Check(savedSpectraSchema, value) ? value : undefined;
}

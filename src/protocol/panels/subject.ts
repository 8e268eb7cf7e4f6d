import type { Static } from 'typebox';
import * as Type from 'typebox';
import { method, notice } from '../rpc';
import { bytes } from './arrays';

const text = Type.String();
const optional = Type.Optional;

/** What a panel is about: an experiment file, a model, or the folder of a run; `path` is absolute. */
export const subjectSchema = Type.Object({
  kind: Type.Union([Type.Literal('experiment'), Type.Literal('model'), Type.Literal('run')]),
  path: text,
});
export type PanelSubject = Static<typeof subjectSchema>;

/**
 * How far a panel's numbers are. `empty`: nothing is chosen. `untrusted`: nothing is read before the workspace is
 * trusted. `opening`: it is not yet known what there is. `working`: results come one by one. `cancelled` and `failed`
 * keep the results that there are.
 */
const statusSchema = Type.Union([
  Type.Literal('empty'),
  Type.Literal('untrusted'),
  Type.Literal('opening'),
  Type.Literal('working'),
  Type.Literal('done'),
  Type.Literal('cancelled'),
  Type.Literal('failed'),
]);
export type PanelStatus = Static<typeof statusSchema>;

export const problemSchema = Type.Object({
  /** One sentence with the next step in it. */
  message: text,
  /** Where it is, for people; absent where no place is known, and so none can be opened. */
  place: optional(text),
});
export type PanelProblem = Static<typeof problemSchema>;

const progressSchema = Type.Object({
  done: Type.Number(),
  total: Type.Number(),
  /** What is being done, for people, e.g. `first approximation`. */
  what: optional(text),
});
export type PanelProgress = Static<typeof progressSchema>;

/** A linear module of a model. */
export const moduleProps = {
  /** E.g. `model.layers.3.self_attn.q_proj`. */
  path: text,
  /** What modules of one row of a map have in common, e.g. `q_proj`. */
  kind: text,
  /** From 0; absent where it stands outside the layers. */
  layer: optional(Type.Number()),
  /** Rows and columns of its weight. */
  shape: Type.Tuple([Type.Number(), Type.Number()]),
};
export type ModulePlace = Static<ReturnType<typeof Type.Object<typeof moduleProps>>>;

/** A rank. */
export const rankSchema = Type.Integer({ minimum: 1 });

/** What the view of every panel about a subject begins with. */
export const viewHead = {
  /** Counts what the panel has been about: what belongs to an earlier count is forgotten. */
  id: Type.Number(),
  subject: optional(subjectSchema),
  /** For people: the experiment, the model or the run; empty until it is known. */
  name: text,
  /** The model, where the name is another. */
  model: optional(text),
  status: statusSchema,
  problem: optional(problemSchema),
  progress: optional(progressSchema),
} as const;
export type ViewHead = Static<ReturnType<typeof Type.Object<typeof viewHead>>>;

/** What the host of every panel about a subject answers. */
export const subjectCalls = {
  /** Begins again after a failure, or goes on after it was cancelled. */
  retry: notice(),
  cancel: notice(),
  /** Asks the user whether to trust the workspace. */
  trust: notice(),
  /** Opens the place of the problem. */
  openProblem: notice(),
} as const;

/** What the host of a panel with pictures answers: asks where to save; false where the user changed their mind. */
export const pictureCalls = {
  saveSvg: method([text], Type.Boolean()),
  savePng: method([bytes], Type.Boolean()),
} as const;

import type { Static } from 'typebox';
import * as Type from 'typebox';
import { Check } from 'typebox/schema';
import { method, notice } from '../rpc';
import { numbers } from './arrays';
import { pictureCalls } from './subject';

const text = Type.String();
const number = Type.Number();
const flag = Type.Boolean();
const optional = Type.Optional;

const axisSchema = Type.Union([Type.Literal('step'), Type.Literal('tokens'), Type.Literal('seconds')]);
/** What the x axis counts: optimiser steps, input tokens seen, or seconds of training. */
export type XAxis = Static<typeof axisSchema>;

const rangeSchema = Type.Union([Type.Null(), Type.Tuple([number, number])]);

/** What decides which points the host sends. */
const lookSchema = Type.Object({
  /** Counts the looks of a page: points that come late for another look are told by it. */
  id: number,
  x: axisSchema,
  logX: flag,
  /** The part of the x axis that is seen; null for all of it. */
  range: rangeSchema,
  /** Weight of what came before in the moving average: 0 (none) to 0.99. */
  smoothing: Type.Number({ minimum: 0, maximum: 0.99 }),
  /** Metrics whose points are not asked for. */
  hidden: Type.Array(text),
});
export type Look = Static<typeof lookSchema>;

/** A place on a curve; `step` is the step also where the x axis counts something else. */
const pointSchema = Type.Object({ x: number, y: number, step: number });
export type CurvePoint = Static<typeof pointSchema>;

const seriesSchema = Type.Object({
  split: Type.Union([Type.Literal('train'), Type.Literal('eval')]),
  metric: text,
  /** The points in the visible range, thinned out so that no peak is lost. */
  xs: numbers,
  ys: numbers,
  /** The same of the moving average; absent where there is no smoothing. */
  smooth: optional(Type.Object({ xs: numbers, ys: numbers })),
  /** How many points there are in all. */
  count: number,
  last: pointSchema,
  lowest: pointSchema,
  highest: pointSchema,
  /** The 1st and the 99th percentile of the visible values; absent where none is visible. */
  bounds: optional(Type.Tuple([number, number])),
});
export type SeriesFrame = Static<typeof seriesSchema>;

const frameSchema = Type.Object({
  folder: text,
  /** Where the run's points begin and end on the x axis; absent where it has none. */
  extent: optional(Type.Tuple([number, number])),
  /** The phases of training on the x axis. */
  phases: Type.Array(Type.Object({ name: text, from: number, trainable: number })),
  series: Type.Array(seriesSchema),
});
/** The points of one run, as one look sees them. */
export type RunFrame = Static<typeof frameSchema>;

const runSchema = Type.Object({
  folder: text,
  id: text,
  label: text,
  experiment: text,
  status: text,
  /** Whether its curves are shown; one that is not has no frame. */
  shown: flag,
  active: flag,
  resumable: flag,
  model: text,
  method: text,
  /** The rank, or what the ranks are chosen from; empty where the method has none. */
  rank: text,
  trainable: optional(number),
  device: optional(text),
  /** Why this device. */
  deviceReason: optional(text),
  recompute: optional(text),
  step: number,
  /** The last training loss. */
  loss: optional(number),
  totalSteps: optional(number),
  /** Milliseconds since 1970. */
  started: optional(number),
  ended: optional(number),
  secondsLeft: optional(number),
  /** What slow work outside the steps it is at. */
  activity: optional(text),
  error: optional(text),
  /** How much of its metrics has been read: 0 to 1. */
  read: number,
});
/** What the panel says of a run. */
export type CurveRun = Static<typeof runSchema>;

const listSchema = Type.Object({
  /** The experiment file whose runs are listed, absolute; absent where the runs were chosen. */
  source: optional(text),
  /** The panel stays with its runs when another experiment becomes active. */
  pinned: flag,
  /** Runs listed beside the experiment's. */
  added: Type.Array(text),
  /** Runs of the experiment that the user took off the list. */
  removed: Type.Array(text),
  /** Runs the user has shown or hidden; of the others the newest and those at work are shown. */
  choices: Type.Record(text, flag),
});
/** Which runs the panel lists. */
export type CurvesList = Static<typeof listSchema>;

const patchSchema = Type.Object({
  list: listSchema,
  /** All runs, in the order in which they are listed. */
  order: Type.Array(text),
  /** The runs of which something is new. */
  runs: Type.Array(runSchema),
  /** The look that the frames are of. */
  look: number,
  frames: Type.Array(frameSchema),
});
/** What is new; a snapshot is a patch that has everything. */
export type CurvesPatch = Static<typeof patchSchema>;

const actionSchema = Type.Union([
  Type.Literal('stop'),
  Type.Literal('resume'),
  Type.Literal('openConfig'),
  Type.Literal('openLog'),
]);
/** What the user may ask for a run; the host knows the command. */
export type CurvesAction = Static<typeof actionSchema>;

/** What the host answers. */
export const curvesHostApi = {
  ...pictureCalls,
  /** The page is there: everything that a look sees. */
  ready: method([lookSchema], patchSchema),
  /** Another look at the same runs. */
  look: method([lookSchema], patchSchema),
  act: notice(actionSchema, text),
  show: notice(text, flag),
  remove: notice(text),
  /** Asks the user which runs to add. */
  add: notice(),
  pin: notice(flag),
  /** Every row of these runs in the look's range, not only the points that are drawn; named as the page names them. */
  saveCsv: method([lookSchema, Type.Array(Type.Object({ folder: text, name: text }))], flag),
} as const;

/** What the page answers. */
export const curvesPanelApi = {
  patch: notice(patchSchema),
} as const;

/** What survives a reload: which runs, and how they are looked at. */
const savedCurvesSchema = Type.Object({
  version: Type.Literal(1),
  list: listSchema,
  /** Charts the user has shown or hidden. */
  charts: Type.Record(text, flag),
  x: axisSchema,
  logX: flag,
  logY: flag,
  /** The y axes leave out the lowest and the highest hundredth of the values. */
  clip: flag,
  smoothing: Type.Number({ minimum: 0, maximum: 0.99 }),
  range: rangeSchema,
  /** Whether the table is unfolded. */
  table: flag,
});
export type SavedCurves = Static<typeof savedCurvesSchema>;

/** What a panel wrote down; undefined where it is of another version or broken. */
export function decodeSavedCurves(value: unknown): SavedCurves | undefined {
  return Check(savedCurvesSchema, value) ? value : undefined;
}

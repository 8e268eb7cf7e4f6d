import type { Static } from 'typebox';
import * as Type from 'typebox';
import { Check } from 'typebox/schema';
import { method, notice } from '../rpc';
import { moduleProps, pictureCalls, rankSchema, subjectCalls, subjectSchema, viewHead } from './subject';

const text = Type.String();
const number = Type.Number();
const flag = Type.Boolean();
const optional = Type.Optional;

const unitSchema = Type.Union([Type.Literal('rank'), Type.Literal('parameters')]);
/** What a budget counts: the mean rank over the modules, or trainable parameters. */
export type BudgetUnit = Static<typeof unitSchema>;

const ruleSchema = Type.Union([
  Type.Literal('equal-energy'),
  Type.Literal('energy-bins'),
  Type.Literal('uniform'),
]);
/** How the budget is shared out; see `adapter.ranks.allocation`. */
export type AllocationName = Static<typeof ruleSchema>;

const requestSchema = Type.Object({
  budget: Type.Object({ unit: unitSchema, value: Type.Number({ exclusiveMinimum: 0 }) }),
  rule: ruleSchema,
  /** Of the candidates, the least and the greatest that a module may get. */
  min: rankSchema,
  max: rankSchema,
  /** Ranks that are set by hand, by module. */
  pinned: Type.Record(text, rankSchema),
});
/** What a plan is asked for with. */
export type RankRequest = Static<typeof requestSchema>;

const totalsSchema = Type.Object({
  meanRank: number,
  trainable: number,
  /** Size of the adapter on disk. */
  bytes: number,
  /** Share of the energy that is kept, as the mean over the modules. */
  energy: number,
});
/** What a plan comes to. */
export type RankTotals = Static<typeof totalsSchema>;

const plannedSchema = Type.Object({
  path: text,
  rank: rankSchema,
  /** E(rank), the share of the module's energy that is kept. */
  energy: number,
  parameters: number,
});
/** What a module gets. */
export type PlannedModule = Static<typeof plannedSchema>;

const rangeSchema = Type.Tuple([number, number]);

const planSchema = Type.Object({
  modules: Type.Array(plannedSchema),
  totals: totalsSchema,
  /** One rank for all, at the same mean. */
  uniform: Type.Object({
    /** What each module would get, by path: the same, but for modules that have no such rank. */
    ranks: Type.Record(text, number),
    totals: totalsSchema,
  }),
  /** The least and the most that a budget can be with these candidates, in either unit. */
  limits: Type.Object({ rank: rangeSchema, parameters: rangeSchema }),
});
/** Ranks for all modules. */
export type RankPlan = Static<typeof planSchema>;

const otherSchema = Type.Object({
  key: text,
  /** For people, e.g. the run's name. */
  name: text,
  modules: Type.Array(plannedSchema),
  totals: totalsSchema,
});
/** Ranks that a plan can be compared with: those of a run that has been. */
export type OtherRanks = Static<typeof otherSchema>;

const viewSchema = Type.Object({
  ...viewHead,
  /** In the order of the model. */
  modules: Type.Array(Type.Object(moduleProps)),
  /** The ranks that a module may get, ascending. */
  candidates: Type.Array(rankSchema),
  /** What the experiment says; absent until it is read. */
  configured: optional(requestSchema),
  /** Why nothing can be written into the experiment; absent where it can. */
  fixed: optional(text),
  /** These are the ranks of a run that has been: nothing is planned, whatever is asked for. */
  readOnly: flag,
  others: Type.Array(otherSchema),
});
/** All that the page shows beside the plan. */
export type RanksView = Static<typeof viewSchema>;

/** What the host answers. */
export const ranksHostApi = {
  ...subjectCalls,
  ...pictureCalls,
  ready: method([], viewSchema),
  /** Shares a budget out. Rejects with a sentence where that cannot be. */
  plan: method([requestSchema], planSchema),
  /** Writes it into the experiment, as one edit that can be undone. */
  apply: notice(requestSchema),
  /** Saves the plan that a request comes to, beside what it can be compared with. */
  saveCsv: method([requestSchema], flag),
} as const;

/** What the page is told. */
export const ranksPanelApi = { show: notice(viewSchema) } as const;

/** What survives a reload. */
const savedRanksSchema = Type.Object({
  version: Type.Literal(1),
  subject: optional(subjectSchema),
  /** What the user has changed and not applied; null where nothing is. */
  request: Type.Union([Type.Null(), requestSchema]),
  /** What the plan is compared with: `uniform`, another's key, or nothing. */
  compare: Type.Union([Type.Null(), text]),
  /** Side by side, or as a difference. */
  beside: flag,
  table: flag,
});
export type SavedRanks = Static<typeof savedRanksSchema>;

/** What a panel wrote down; undefined where it is of another version or broken. */
export function decodeSavedRanks(value: unknown): SavedRanks | undefined {
  return Check(savedRanksSchema, value) ? value : undefined;
}

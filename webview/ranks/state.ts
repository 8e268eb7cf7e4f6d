import type {
  AllocationName,
  BudgetUnit,
  OtherRanks,
  PlannedModule,
  RankPlan,
  RankRequest,
  RanksView,
  RankTotals,
  SavedRanks,
} from '../../src/protocol/panels/ranks';

/** All that the page shows; never changed, always replaced. */
export interface State {
  readonly view: RanksView;
  /** What the user has changed; null: what the experiment says. */
  readonly request: RankRequest | null;
  /** The newest plan, perhaps of an earlier request. */
  readonly plan: RankPlan | undefined;
  /** Why there is no plan for the request. */
  readonly problem: string | undefined;
  /** What the plan is compared with: `uniform`, another's key, or nothing. */
  readonly compare: string | null;
  readonly beside: boolean;
  readonly table: boolean;
}

/** What a plan is compared with. */
export interface Rival {
  readonly name: string;
  /** Ranks by path. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly totals: RankTotals;
}

/** The comparison that is always there. */
export const UNIFORM = 'uniform';

/** The state of a page that has just been opened, with what was changed before. */
export function initialState(saved: SavedRanks | undefined): State {
  return {
    view: { id: -1, name: '', status: 'opening', modules: [], candidates: [], readOnly: false, others: [] },
    request: saved?.request ?? null,
    plan: undefined,
    problem: undefined,
    compare: saved?.compare ?? null,
    beside: saved?.beside ?? false,
    table: saved?.table ?? false,
  };
}

/** With what the host says is new. */
export function applyView(state: State, view: RanksView): State {
  // The first view after a reload is about what was written down.
  const other = view.id !== state.view.id && state.view.id !== -1;
  const { configured } = view;
  const edited = other || view.readOnly ? null : state.request;
  const known = new Set(view.modules.map(({ path }) => path));
  const pinned = Object.entries(edited?.pinned ?? {}).filter(([path]) => known.size === 0 || known.has(path));
  const request = edited === null ? null : { ...edited, pinned: Object.fromEntries(pinned) };
  const same = request !== null && configured !== undefined && sameRequest(request, configured);
  return {
    ...state,
    view,
    request: same ? null : request,
    plan: other ? undefined : state.plan,
    problem: other ? undefined : state.problem,
  };
}

/** What is asked for: what the user has changed, else what the experiment says. */
export function requestOf({ request, view }: State): RankRequest | undefined {
  return request ?? view.configured;
}

/** With a change to what is asked for. */
export function changed(state: State, change: Partial<RankRequest>): State {
  const before = requestOf(state);
  const { configured } = state.view;
  if (before === undefined || state.view.readOnly) return state;
  const after = { ...before, ...change };
  const same = configured !== undefined && sameRequest(after, configured);
  return { ...state, request: same ? null : after };
}

/** Whether two requests ask for the same. */
function sameRequest(a: RankRequest, b: RankRequest): boolean {
  return canonical(a) === canonical(b);
}

function canonical({ budget, rule, min, max, pinned }: RankRequest): string {
  const pins = Object.entries(pinned).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([budget.unit, budget.value, rule, min, max, pins]);
}

/** With a module's rank set by hand, or left to the rule again. */
export function pinned(state: State, path: string, rank: number | undefined): State {
  const pins = { ...requestOf(state)?.pinned };
  const rest = Object.fromEntries(Object.entries(pins).filter(([one]) => one !== path));
  return changed(state, { pinned: rank === undefined ? rest : { ...rest, [path]: rank } });
}

/** With the budget counted in another unit: as much as the plan comes to now. */
export function inUnit(state: State, unit: BudgetUnit): State {
  const { plan } = state;
  if (plan === undefined || requestOf(state)?.budget.unit === unit) return state;
  const { meanRank, trainable } = plan.totals;
  const value = unit === 'rank' ? Math.max(1, Math.round(meanRank)) : trainable;
  return changed(state, { budget: { unit, value } });
}

/** With other ends of the candidates; the other end gives way. */
export function between(state: State, end: 'min' | 'max', rank: number): State {
  const { min = rank, max = rank } = requestOf(state) ?? {};
  return changed(
    state,
    end === 'min' ? { min: rank, max: Math.max(rank, max) } : { max: rank, min: Math.min(rank, min) },
  );
}

/** With another rule. */
export function byRule(state: State, rule: AllocationName): State {
  return changed(state, { rule });
}

/** What the plan is compared with now. */
export function rivalOf({ compare, plan, view }: State): Rival | undefined {
  if (compare === UNIFORM && plan !== undefined) {
    return {
      name: 'Uniform',
      ranks: new Map(Object.entries(plan.uniform.ranks)),
      totals: plan.uniform.totals,
    };
  }
  const other = view.others.find(({ key }) => key === compare);
  return other === undefined ? undefined : rivalFrom(other);
}

function rivalFrom({ name, modules, totals }: OtherRanks): Rival {
  return { name, totals, ranks: new Map(modules.map(({ path, rank }) => [path, rank])) };
}

/** What the plan gives each module, by path. */
export function plannedByPath(plan: RankPlan | undefined): ReadonlyMap<string, PlannedModule> {
  return new Map((plan?.modules ?? []).map((module) => [module.path, module]));
}

/** What has been changed, in words. */
export function changesText(state: State): string {
  const { request, view } = state;
  const { configured } = view;
  if (request === null || configured === undefined) return 'As in the experiment';
  const parts = [
    ...(JSON.stringify(request.budget) === JSON.stringify(configured.budget) ? [] : ['budget']),
    ...(request.rule === configured.rule ? [] : ['rule']),
    ...(request.min === configured.min && request.max === configured.max ? [] : ['candidates']),
    ...(canonical({ ...request, pinned: configured.pinned }) === canonical(request) ? [] : ['pins']),
  ];
  return `Changed: ${parts.join(', ')}`;
}

/** What is written down, so that the panel comes back as it is. */
export function savedOf({ view, request, compare, beside, table }: State): SavedRanks {
  return {
    version: 1,
    ...(view.subject === undefined ? {} : { subject: view.subject }),
    request,
    compare,
    beside,
    table,
  };
}

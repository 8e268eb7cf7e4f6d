import { InputError } from '../../../base/errors';

/** A module whose rank is to be chosen, with what is known of its weight W [rows, columns]. */
export interface RankedModule {
  /** Hugging Face's dotted path. */
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  /**
   * energies[r - 1] = E(r) = (sigma_1^2 + … + sigma_r^2) / ||W||_F^2, the share of the energy that r directions keep,
   * for r up to the largest candidate or the matrix's own rank.
   */
  readonly energies: Float64Array;
}

/** What a module's adapter of a rank costs: ranks, where the mean is given, or trainable parameters. */
type RankCost = (module: RankedModule, rank: number) => number;

/** What is asked of an allocation. */
export interface AllocationRequest {
  readonly modules: readonly RankedModule[];
  /** The ranks that a module may get. */
  readonly candidates: readonly number[];
  readonly cost: RankCost;
  /** What all modules together may cost. */
  readonly budget: number;
  /** Ranks that are set by hand, by module; they count towards the budget. */
  readonly pinned?: ReadonlyMap<string, number>;
}

/** The rank of one module, and the share of its energy that it keeps. */
export interface AllocatedRank {
  readonly path: string;
  readonly rank: number;
  readonly energy: number;
  readonly pinned: boolean;
}

/** A rank that a module may get. */
interface RankOption {
  readonly rank: number;
  readonly energy: number;
  readonly cost: number;
}

/** A module with its options, ascending; one alone where it is pinned. */
export interface Choice {
  readonly module: RankedModule;
  readonly options: readonly RankOption[];
  /** The index of the option that is chosen. */
  at: number;
}

/** One way to choose ranks. It leaves its choice in `at`; `allocate` then holds the budget and spends what is left. */
export type AllocationRule = (choices: readonly Choice[], budget: number) => void;

/**
 * Chooses a rank for each module within a budget: by a rule, then by spending what is left where a direction more
 * keeps the most energy for what it costs. Deterministic: the order of the modules does not matter. Throws an
 * `InputError` where even the smallest candidates cost more than the budget.
 */
export function allocate(rule: AllocationRule, request: AllocationRequest): AllocatedRank[] {
  const { modules, budget, pinned } = request;
  const choices = modules.map((module) => choiceOf(module, request));
  const least = costOf(choices);
  if (least > budget) {
    throw new InputError({
      what: `the budget of ${budget} is less than the ${least} that the smallest candidates take`,
      key: 'adapter.ranks',
      remedy: 'Raise adapter.rank or the budget, or add a smaller candidate.',
    });
  }
  const ordered = [...choices].sort((a, b) => (a.module.path < b.module.path ? -1 : 1));
  rule(ordered, budget);
  save(ordered, budget);
  spend(ordered, budget);
  return choices.map(({ module, options, at }) => {
    const { rank = 0, energy = 0 } = options[at] ?? {};
    return { path: module.path, rank, energy, pinned: pinned?.has(module.path) ?? false };
  });
}

/** What the options that are chosen cost together. */
export function costOf(choices: readonly Choice[]): number {
  return choices.reduce((sum, { options, at }) => sum + (options[at]?.cost ?? 0), 0);
}

/** E(r) of a module; 1 beyond its own rank. */
export function energyAt({ energies }: RankedModule, rank: number): number {
  return rank > energies.length ? (energies.at(-1) ?? 1) : (energies[rank - 1] ?? 0);
}

function choiceOf(module: RankedModule, { candidates, cost, pinned }: AllocationRequest): Choice {
  const most = Math.min(module.rows, module.columns);
  const own = pinned?.get(module.path);
  const ranks = own === undefined ? candidates.map((rank) => Math.min(rank, most)) : [own];
  const options = [...new Set(ranks)]
    .sort((a, b) => a - b)
    .map((rank) => ({ rank, energy: energyAt(module, rank), cost: cost(module, rank) }));
  return { module, options, at: 0 };
}

/** Takes directions back where the least energy is lost for what is saved, until the budget holds. */
function save(choices: readonly Choice[], budget: number): void {
  for (let cost = costOf(choices); cost > budget; cost = costOf(choices)) {
    const step = bestOf(choices, (choice) => {
      const [lower, here] = [choice.options[choice.at - 1], choice.options[choice.at]];
      if (lower === undefined || here === undefined || flatterWouldStay(choices, choice)) return undefined;
      return -(here.energy - lower.energy) / (here.cost - lower.cost);
    });
    if (step === undefined) return;
    step.at--;
  }
}

/** Adds directions where the most energy is won for what they cost, while there is budget for any. */
function spend(choices: readonly Choice[], budget: number): void {
  for (;;) {
    const left = budget - costOf(choices);
    const step = bestOf(choices, (choice) => {
      const [here, higher] = [choice.options[choice.at], choice.options[choice.at + 1]];
      if (here === undefined || higher === undefined || higher.cost - here.cost > left) return undefined;
      if (flatterWaits(choices, choice)) return undefined;
      return (higher.energy - here.energy) / (higher.cost - here.cost);
    });
    if (step === undefined) return;
    step.at++;
  }
}

function bestOf(
  choices: readonly Choice[],
  worth: (choice: Choice) => number | undefined,
): Choice | undefined {
  let best: { readonly choice: Choice; readonly worth: number } | undefined;
  for (const choice of choices) {
    const value = worth(choice);
    if (value !== undefined && value > (best?.worth ?? -Infinity)) best = { choice, worth: value };
  }
  return best?.choice;
}

/** Whether a module of the same shape, flatter throughout, has no more directions yet: it goes first. */
function flatterWaits(choices: readonly Choice[], { module, options, at }: Choice): boolean {
  return choices.some(
    (other) => other.at <= at && other.options.length === options.length && isFlatter(other.module, module),
  );
}

/** Whether a more concentrated module of the same shape has as many directions: it gives back first. */
function flatterWouldStay(choices: readonly Choice[], { module, options, at }: Choice): boolean {
  return choices.some(
    (other) => other.at >= at && other.options.length === options.length && isFlatter(module, other.module),
  );
}

/** Whether a module keeps no more than another of its shape at every rank, and less at some. */
function isFlatter(a: RankedModule, b: RankedModule): boolean {
  if (a.rows !== b.rows || a.columns !== b.columns || a.energies.length !== b.energies.length) return false;
  let less = false;
  for (const [i, energy] of a.energies.entries()) {
    const other = b.energies[i] ?? 0;
    if (energy > other) return false;
    less ||= energy < other;
  }
  return less;
}

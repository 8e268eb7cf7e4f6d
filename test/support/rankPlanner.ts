import { InputError } from '../../src/base/errors';
import type { RankPlan, RankRequest, RankTotals } from '../../src/protocol/panels/ranks';
import type { SpectraModule } from '../../src/protocol/panels/spectra';
import { powerLaw } from './spectraModel';

/** Plans ranks for modules whose spectra are power laws; a plain form of what the extension does. */
export function rankPlanner(
  modules: readonly SpectraModule[],
  layers: number,
  candidates: readonly number[],
): (request: RankRequest) => RankPlan {
  const energies = new Map(
    modules.map((module) => {
      const { values, frobenius } = powerLaw(module, layers);
      let sum = 0;
      return [module.path, values.slice(0, 256).map((value) => (sum += value ** 2 / frobenius ** 2))];
    }),
  );
  const energy = ({ path }: SpectraModule, rank: number): number => energies.get(path)?.[rank - 1] ?? 1;
  const parameters = ({ shape }: SpectraModule, rank: number): number => rank * (rank + shape[0]);
  const totalsOf = (rankOf: (module: SpectraModule) => number): RankTotals => {
    const mean = (of: (module: SpectraModule, rank: number) => number): number =>
      modules.reduce((sum, module) => sum + of(module, rankOf(module)), 0) / modules.length;
    const trainable = Math.round(mean(parameters) * modules.length);
    return { meanRank: mean((_, rank) => rank), trainable, bytes: trainable * 4, energy: mean(energy) };
  };
  return ({ budget, rule, min, max, pinned }) => {
    const ranks = candidates.filter((rank) => rank >= min && rank <= max);
    const cost = budget.unit === 'rank' ? (_: SpectraModule, rank: number): number => rank : parameters;
    const whole = budget.unit === 'rank' ? budget.value * modules.length : budget.value;
    const costOf = (rankOf: (module: SpectraModule) => number): number =>
      modules.reduce((sum, module) => sum + cost(module, rankOf(module)), 0);
    const [low = 1, high = low] = [ranks[0], ranks.at(-1)];
    const limit = (of: typeof cost, rank: number): number =>
      modules.reduce((sum, module) => sum + of(module, rank), 0);
    if (costOf(() => low) > whole) {
      throw new InputError({
        what: 'the budget is less than the smallest candidates take',
        remedy: 'Raise the budget, or lower the least rank.',
      });
    }
    const atLevel =
      (level: number) =>
      (module: SpectraModule): number =>
        pinned[module.path] ?? ranks.find((rank) => energy(module, rank) >= level) ?? high;
    const even = (module: SpectraModule): number =>
      pinned[module.path] ?? ranks.findLast((rank) => limit(cost, rank) <= whole) ?? low;
    let [from, to] = [0, 1];
    for (let round = 0; round < 30; round++) {
      const middle = (from + to) / 2;
      if (costOf(atLevel(middle)) <= whole) from = middle;
      else to = middle;
    }
    const rankOf = rule === 'uniform' ? even : atLevel(from);
    const totals = totalsOf(rankOf);
    const uniform = Math.round(totals.meanRank);
    return {
      modules: modules.map((module) => ({
        path: module.path,
        rank: rankOf(module),
        energy: energy(module, rankOf(module)),
        parameters: parameters(module, rankOf(module)),
      })),
      totals,
      uniform: {
        ranks: Object.fromEntries(modules.map(({ path }) => [path, uniform])),
        totals: totalsOf(() => uniform),
      },
      limits: {
        rank: [low, high],
        parameters: [limit(parameters, low), limit(parameters, high)],
      },
    };
  };
}

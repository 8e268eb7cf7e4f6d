import { InputError } from '../../../base/errors';
import { type AllocatedRank, type AllocationRequest, energyAt, type RankedModule } from './allocate';

/**
 * One rank for all modules, the largest that the budget pays; a smaller matrix gets what it has. This is what the
 * other rules are compared with. The candidates do not matter. Throws an `InputError` where the budget pays for no
 * direction at all.
 */
export function uniformRanks({ modules, cost, budget, pinned }: AllocationRequest): AllocatedRank[] {
  const rankOf = (module: RankedModule, rank: number): number =>
    pinned?.get(module.path) ?? Math.min(rank, module.rows, module.columns);
  const costOf = (rank: number): number =>
    modules.reduce((sum, module) => sum + cost(module, rankOf(module, rank)), 0);
  let low = 0;
  let high = Math.max(0, ...modules.map(({ rows, columns }) => Math.min(rows, columns)));
  // The cost rises with the rank.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (costOf(middle) <= budget) low = middle;
    else high = middle - 1;
  }
  if (low === 0) {
    throw new InputError({
      what: `the budget of ${budget} is less than the ${costOf(1)} that a rank of 1 takes`,
      key: 'adapter.ranks',
      remedy: 'Raise adapter.rank or the budget.',
    });
  }
  return modules.map((module) => {
    const rank = rankOf(module, low);
    return {
      path: module.path,
      rank,
      energy: energyAt(module, rank),
      pinned: pinned?.has(module.path) ?? false,
    };
  });
}

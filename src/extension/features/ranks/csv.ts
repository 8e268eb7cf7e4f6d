import type { RankPlan, RanksView } from '../../../protocol/panels/ranks';
import { csvLines } from '../../csvLines';

/** A plan as a table, a row a module, beside one rank for all and the runs that it can be compared with. */
export function ranksCsv(
  { modules, others }: RanksView,
  plan: RankPlan,
  pinned: ReadonlySet<string>,
): string {
  const planned = new Map(plan.modules.map((module) => [module.path, module]));
  const known = others.map(({ modules: theirs }) => new Map(theirs.map(({ path, rank }) => [path, rank])));
  const head = [
    'module',
    'kind',
    'layer',
    'rows',
    'columns',
    'rank',
    'pinned',
    'energy_kept',
    'parameters',
    'uniform_rank',
    ...others.map(({ name }) => `rank in ${name}`),
  ];
  return csvLines(
    head,
    modules.map(({ path, kind, layer, shape }) => {
      const { rank, energy, parameters } = planned.get(path) ?? {};
      return [
        path,
        kind,
        layer,
        ...shape,
        rank,
        pinned.has(path) ? 'yes' : 'no',
        energy,
        parameters,
        plan.uniform.ranks[path],
        ...known.map((ranks) => ranks.get(path)),
      ];
    }),
  );
}

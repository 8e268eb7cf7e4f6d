import { type AllocationRule, type Choice, energyAt } from './allocate';

/**
 * Modules of one shape in the order of their energy at the middle candidate, the most concentrated first, cut into as
 * many groups of equal size as there are candidates: the first group gets the smallest rank, the last the largest.
 * Only modules of one shape are compared, since a share of the energy means more directions in a larger matrix.
 */
export const energyBins: AllocationRule = (choices) => {
  const shapes = new Map<string, Choice[]>();
  for (const choice of choices) {
    const { rows, columns } = choice.module;
    const shape = `${rows} x ${columns}`;
    shapes.set(shape, [...(shapes.get(shape) ?? []), choice]);
  }
  for (const alike of shapes.values()) {
    const free = alike.filter(({ options }) => options.length > 1).sort(byEnergy);
    for (const [i, choice] of free.entries()) {
      choice.at = Math.floor((i * choice.options.length) / free.length);
    }
  }
};

function byEnergy(a: Choice, b: Choice): number {
  return middleEnergy(b) - middleEnergy(a) || (a.module.path < b.module.path ? -1 : 1);
}

function middleEnergy({ module, options }: Choice): number {
  return energyAt(module, options[Math.floor((options.length - 1) / 2)]?.rank ?? 1);
}

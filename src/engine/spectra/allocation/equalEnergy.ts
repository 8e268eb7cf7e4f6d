import { type AllocationRule, type Choice, costOf } from './allocate';

/**
 * Every module keeps the same share of its energy: rank min{r : E(r) >= tau}, with the greatest level tau that the
 * budget allows, so that a module whose energy is concentrated gets few directions and a flat one many. A module that
 * no candidate brings to the level gets the largest.
 */
export const equalEnergy: AllocationRule = (choices, budget) => {
  const levels = [...new Set(choices.flatMap(({ options }) => options.map(({ energy }) => energy)))].sort(
    (a, b) => a - b,
  );
  // The cost rises with the level: the greatest that can be paid is found by bisection.
  let [low, high] = [0, levels.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    raiseTo(choices, levels[middle] ?? 0);
    if (costOf(choices) <= budget) low = middle;
    else high = middle - 1;
  }
  raiseTo(choices, levels[low] ?? 0);
};

function raiseTo(choices: readonly Choice[], level: number): void {
  for (const choice of choices) {
    const first = choice.options.findIndex(({ energy }) => energy >= level);
    choice.at = first === -1 ? choice.options.length - 1 : first;
  }
}

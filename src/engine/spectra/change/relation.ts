import { frobeniusNorm } from '../measures';
import type { DecomposedChange } from './decompose';
import type { ChangeProducts, WeightDirections } from './products';
import { product } from './small';

/** How a change Delta W lies to the weight W that it was made to, by W's top singular directions U_k and V_k. */
export interface Relation {
  /** The number r of directions that are compared. */
  readonly rank: number;
  /**
   * ||U_r(W)^T U_r(Delta W)||_F^2 / r, 0 to 1: how much of the change's top r left directions lies in the span of the
   * weight's (Hu et al. 2021, eq. 4). Directions that the change does not have count as outside.
   */
  readonly overlap: number;
  /**
   * 1 - ||U_r(W)^T Delta W V_r(W)||_F^2 / ||Delta W||_F^2, 0 to 1: the share of the change's energy that lies outside
   * the weight's top r directions on the left, on the right, or on both sides.
   */
  readonly fresh: number;
  /** overlaps[k - 1]: `overlap` with the weight's top k directions in place of r; as many as are given. */
  readonly overlaps: Float64Array;
}

/**
 * The relation of a change to a weight, by their products. A change of zeros has the overlap 0 and nothing fresh.
 */
export function relationOf(
  { onLeft, onRight }: ChangeProducts,
  { left, count, frobenius }: DecomposedChange,
  { known, rank }: Omit<WeightDirections, 'u' | 'vt'>,
): Relation {
  const inner = onRight.length / rank;
  const top = Math.min(rank, count);
  const cosines = product(onLeft, left(top), known, inner, top);
  const inside = product(onLeft.subarray(0, rank * inner), onRight, rank, inner, rank);
  return relationBy(cosines, frobeniusNorm(inside), frobenius, { known, rank });
}

/**
 * The same by what is known of it: the cosines [known, t] between the weight's directions and the change's top t <=
 * `rank`, and the norms of U_r(W)^T Delta W V_r(W) and of Delta W.
 */
export function relationBy(
  cosines: ArrayLike<number>,
  inside: number,
  frobenius: number,
  { known, rank }: Omit<WeightDirections, 'u' | 'vt'>,
): Relation {
  const overlaps = new Float64Array(known);
  const width = cosines.length / Math.max(1, known);
  let sum = 0;
  for (let k = 0; k < known; k++) {
    for (let i = k * width; i < (k + 1) * width; i++) sum += (cosines[i] ?? 0) ** 2;
    overlaps[k] = Math.min(1, sum / rank);
  }
  return {
    rank,
    overlap: overlaps[rank - 1] ?? 0,
    fresh: frobenius === 0 ? 0 : Math.max(0, 1 - (inside / frobenius) ** 2),
    overlaps,
  };
}

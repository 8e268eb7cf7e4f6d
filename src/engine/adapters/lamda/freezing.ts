/**
 * How many columns of the second projection are frozen after optimiser step `step` (1-based; 0 = before the first),
 * in order of descending singular value: min(rank, floor(rank * step / t_i)), t_i = ceil(fraction * steps).
 * From t_i on all are frozen. A fraction of 0 freezes everything from the start.
 */
export function frozenColumns(rank: number, step: number, steps: number, fraction: number): number {
  const end = freezingEnd(steps, fraction);
  if (end === 0) return rank;
  return Math.min(rank, Math.floor((rank * step) / end));
}

/** t_i: the optimiser step after which the second projection is wholly frozen. */
export function freezingEnd(steps: number, fraction: number): number {
  // A product that round-off lifts above a whole number (0.07 * 100) is that number.
  return Math.max(0, Math.ceil(fraction * steps - 1e-9));
}

/** Writes 0 into a mask [outputs, rank] for the first `frozen` columns and 1 elsewhere. */
export function fillColumnMask(mask: Float32Array, rank: number, frozen: number): void {
  for (let i = 0; i < mask.length; i++) mask[i] = i % rank < frozen ? 0 : 1;
}

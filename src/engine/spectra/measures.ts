/**
 * What a spectrum says of a matrix. `values` are singular values, descending; `frobenius` is the root of the sum of the
 * squares of all of them. A matrix of zeros has the measure 0 throughout, and so has one without values.
 */

type Values = ArrayLike<number>;

/**
 * E(r) for r = 1 .. values.length: the share of ||W||_F^2 that the best approximation of rank r keeps, the sum of the
 * first r squared values over ||W||_F^2 (Eckart & Young 1936). The values may be the top ones only. At most 1, whatever
 * round-off does.
 */
export function energyShares(values: Values, frobenius: number): Float64Array {
  const shares = new Float64Array(values.length);
  if (frobenius === 0) return shares;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += ((values[i] ?? 0) / frobenius) ** 2;
    shares[i] = Math.min(1, sum);
  }
  return shares;
}

/** ||W||_F of a matrix, from its numbers, summed in f64. */
export function frobeniusNorm(matrix: Float32Array | Float64Array): number {
  // Four sums side by side: none waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < matrix.length; i += 4) {
    a += (matrix[i] ?? 0) ** 2;
    b += (matrix[i + 1] ?? 0) ** 2;
    c += (matrix[i + 2] ?? 0) ** 2;
    d += (matrix[i + 3] ?? 0) ** 2;
  }
  return Math.sqrt(a + b + c + d);
}

/** E(rank) of `energyShares`; 0 for rank 0, and for a rank beyond the values that of all of them. */
export function energyShare(values: Values, frobenius: number, rank: number): number {
  const shares = energyShares(values, frobenius);
  return shares[Math.min(rank, shares.length) - 1] ?? 0;
}

/**
 * Effective rank: exp(-sum p_i log p_i) with p_i = sigma_i / (sum of all values), the number of equal values whose
 * distribution has the same entropy (Roy & Vetterli 2007, The Effective Rank, eq. 3 and 4). From 1 to values.length. It
 * needs the whole spectrum.
 */
export function effectiveRank(values: Values): number {
  const sum = total(values);
  if (sum === 0) return 0;
  let entropy = 0;
  for (let i = 0; i < values.length; i++) {
    const share = (values[i] ?? 0) / sum;
    // The limit of p log p at 0 is 0.
    if (share > 0) entropy -= share * Math.log(share);
  }
  return Math.exp(entropy);
}

/** Stable rank: ||W||_F^2 / sigma_1^2, from 1 to the rank (Rudelson & Vershynin 2007, section 1). */
export function stableRank(values: Values, frobenius: number): number {
  const first = values[0] ?? 0;
  return first === 0 ? 0 : (frobenius / first) ** 2;
}

/** Spacing of f32 numbers at 1. */
const F32_EPSILON = 2 ** -23;

/**
 * How many values are above a tolerance; by default sigma_1 times `longest` (the larger number of rows and columns)
 * times the spacing of f32 numbers at 1: what rounding the weights to f32 can make of a 0 (Golub & Van Loan, 4th ed.,
 * section 5.4.1; NumPy's and PyTorch's `matrix_rank` take the same).
 */
export function numericalRank(
  values: Values,
  longest: number,
  tolerance = (values[0] ?? 0) * longest * F32_EPSILON,
): number {
  let rank = 0;
  while (rank < values.length && (values[rank] ?? 0) > tolerance) rank++;
  return rank;
}

/** A power law that was fitted to a spectrum: sigma_i ~ sigma_1 i^exponent. */
export interface Decay {
  /** Negative where the values fall; about 0 for a flat spectrum. */
  readonly exponent: number;
  /** The values it was fitted to: the first so many. */
  readonly count: number;
}

/**
 * The slope of log sigma_i against log i (i from 1) by least squares, over the values that count: the first
 * `numericalRank` of them. Undefined for fewer than two, which have no slope.
 */
export function decayOf(values: Values, longest: number): Decay | undefined {
  const count = numericalRank(values, longest);
  if (count < 2) return undefined;
  const points = Array.from({ length: count }, (_, i) => ({
    x: Math.log(i + 1),
    y: Math.log(values[i] ?? NaN),
  }));
  const [meanX, meanY] = [total(points.map(({ x }) => x)) / count, total(points.map(({ y }) => y)) / count];
  let [products, squares] = [0, 0];
  for (const { x, y } of points) {
    products += (x - meanX) * (y - meanY);
    squares += (x - meanX) ** 2;
  }
  return { exponent: products / squares, count };
}

function total(values: Values): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum;
}

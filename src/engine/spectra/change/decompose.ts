import { InputError } from '../../../base/errors';
import { frobeniusNorm } from '../measures';
import { symmetricEigen } from '../symmetricEigen';
import type { ChangeProducts, FactoredChange } from './products';
import { gramFactor } from './semidefinite';
import { firstColumns, product, scaleByColumn, transposed } from './small';

/** Unit round-off of f64. */
const U = 2 ** -53;

/** Directions whose value is a smaller share of the first hang on round-off, and count as absent. */
const SURE = 1e-6;

/** The singular value decomposition of a change, its directions as combinations of the factors' columns and rows. */
export interface DecomposedChange {
  /** [min(rank, outputs, inputs)], descending; all others are 0. */
  readonly values: Float64Array;
  /** ||Delta W||_F */
  readonly frobenius: number;
  /** The most that each value may be off by, absolute; a value below it counts as 0. */
  readonly errorBound: number;
  /** How many values are above 1e-6 of the first: only these have directions. */
  readonly count: number;
  /** [rank, n]: the first n <= `count` left singular directions are B times this. */
  readonly left: (n: number) => Float64Array;
  /** [rank, n]: the first n <= `count` right singular directions are A^T times this. */
  readonly right: (n: number) => Float64Array;
}

/**
 * Decomposes B A by the Gram matrices of its factors: with B^T B = R^T R and A A^T = T^T T, its singular values are those
 * of the small matrix K = R T^T, found as the roots of the eigenvalues of K's Gram matrix. The factors' columns are
 * scaled to length 1 first, so that R and T hold round-off alone where directions are missing: some 1e-8. The roots are
 * right to some 1e-7 of ||Delta W||_F, which is what factors in f32 can say. Throws an `InputError` where a number is
 * not finite.
 */
export function decomposeChange(
  { name, outputs, inputs, rank }: Omit<FactoredChange, 'a' | 'b'>,
  { gramA, gramB }: Pick<ChangeProducts, 'gramA' | 'gramB'>,
): DecomposedChange {
  const [lengthsB, lengthsA] = [lengthsOf(gramB, rank), lengthsOf(gramA, rank)];
  // The length of each part b_i a_i of the change: the one measure of what cancels between them.
  const parts = lengthsB.map((length, i) => length * (lengthsA[i] ?? 0));
  const total = frobeniusNorm(parts);
  if (!Number.isFinite(total)) {
    throw new InputError({
      what: 'a change with a number that is not finite has no singular values',
      tensor: name,
      expected: 'finite numbers',
    });
  }
  const { rows, factor: r } = gramFactor(unitGram(gramB, lengthsB), rank);
  const { rows: width, factor: t } = gramFactor(unitGram(gramA, lengthsA), rank);
  const scaled = scaleByColumn(r.slice(), rank, (i) => parts[i] ?? 0);
  const core = product(scaled, transposed(t, width, rank), rows, rank, width);
  const frobenius = frobeniusNorm(core);
  // Of the shorter side: the longer one's further eigenvalues are 0.
  const tall = rows > width;
  const [size, long] = tall ? [width, rows] : [rows, width];
  const short = tall ? transposed(core, rows, width) : core;
  const along = transposed(short, size, long);
  const { values: squares, vectors } = symmetricEigen(product(short, along, size, long, size), size);
  // What the Gram matrix and its eigenvalues are rounded by, and what is left where parts cancel.
  const bound = Math.max(Math.sqrt(4 * size * U) * frobenius, 16 * rank * U * total);
  const values = new Float64Array(Math.min(rank, outputs, inputs));
  for (const [k, square] of squares.subarray(0, values.length).entries()) {
    if (square > bound * bound) values[k] = Math.sqrt(square);
  }
  const least = SURE * (values[0] ?? 0);
  const count = values.findLastIndex((value) => value > least) + 1;
  const inverse = (k: number): number => 1 / (values[k] ?? 1);
  // K's directions on the shorter side, and on the other.
  const own = (n: number): Float64Array => firstColumns(vectors, size, n);
  const other = (n: number): Float64Array => scaleByColumn(product(along, own(n), long, size, n), n, inverse);
  // Its left directions belong to R, its right ones to T: Delta W v = sigma u gives the coefficients of either.
  const coefficients = (
    factor: Float64Array,
    height: number,
    lengths: Float64Array,
    directions: Float64Array,
    n: number,
  ): Float64Array => {
    const found = product(transposed(factor, height, rank), directions, rank, height, n);
    for (let at = 0; at < found.length; at++)
      found[at] = (found[at] ?? 0) * (lengths[Math.floor(at / n)] ?? 0);
    return scaleByColumn(found, n, inverse);
  };
  return {
    values,
    frobenius: count === 0 ? 0 : frobenius,
    errorBound: bound,
    count,
    left: (n) => coefficients(t, width, lengthsA, tall ? own(n) : other(n), n),
    right: (n) => coefficients(r, rows, lengthsB, tall ? other(n) : own(n), n),
  };
}

function lengthsOf(gram: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => Math.sqrt(gram[i * size + i] ?? 0));
}

/** The Gram matrix of the same vectors at length 1; a vector of length 0 stays. */
function unitGram(gram: Float64Array, lengths: Float64Array): Float64Array {
  const size = lengths.length;
  const inverse = lengths.map((length) => (length > 0 ? 1 / length : 0));
  const out = new Float64Array(gram.length);
  for (let i = 0; i < size; i++) {
    const factor = inverse[i] ?? 0;
    for (let at = i * size; at < (i + 1) * size; at++)
      out[at] = (gram[at] ?? 0) * factor * (inverse[at - i * size] ?? 0);
  }
  return out;
}

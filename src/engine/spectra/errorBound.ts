/** Unit round-off of f64. */
const U = 2 ** -53;

/**
 * How far an eigenvalue of the Gram matrix can lie from the squared singular value it stands for, where W has the given
 * Frobenius norm, `length` numbers in each of the vectors that the Gram matrix is made of, and `size` of them.
 *
 * By Weyl's theorem no eigenvalue moves by more than the norm of what was added to the matrix:
 * - Adding up `length` exact products errs by at most length u |w_i| |w_j| (Higham, Accuracy and Stability of Numerical
 *   Algorithms, 2nd ed., section 3.1; 1.01 covers the higher powers of u), so the matrix by length u |W|_F^2.
 * - Each of `size` reflections applied from both sides, with inner products of at most `size` numbers, and each of the
 *   QL steps adds a relative error of some size u in the worst case (Higham, lemma 19.3), but errors of different signs:
 *   together they grow as size u rather than size^2 u (Higham & Mary 2019, A New Approach to Probabilistic Rounding
 *   Error Analysis). 10 size u |W|_F^2 leaves a factor of more than a hundred above what is seen.
 */
export function eigenvalueBound(frobenius: number, length: number, size: number): number {
  return (1.01 * length + 10 * size) * U * frobenius * frobenius;
}

/** How far the root of an eigenvalue can lie from the singular value, where the eigenvalue errs by at most `bound`. */
export function singularValueBound(value: number, bound: number): number {
  const square = value * value;
  return square > bound
    ? bound / (value + Math.sqrt(square - bound))
    : Math.max(value, Math.sqrt(square + bound) - value);
}

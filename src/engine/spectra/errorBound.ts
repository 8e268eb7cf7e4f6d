/** Unit round-off of f64. */
const U = 2 ** -53;

/**
 * How far an eigenvalue of the Gram matrix G can lie from the squared singular value it stands for. W has the given
 * Frobenius norm, G is made of `size` vectors of `length` numbers and has the Frobenius norm `gramNorm`.
 *
 * By Weyl's theorem no eigenvalue moves by more than the norm of what was added to the matrix:
 * - Adding up `length` exact products errs by at most length u |w_i| |w_j| (Higham, Accuracy and Stability of Numerical
 *   Algorithms, 2nd ed., section 3.1; 1.01 covers the higher powers of u), and by no more than 10 sqrt(length) u
 *   |w_i| |w_j| where rounding errors have either sign, but for a chance of some 1e-21 (Higham & Mary 2019, A New
 *   Approach to Probabilistic Rounding Error Analysis, theorem 3.1). So G errs by the smaller of both times |W|_F^2.
 * - Each of `size` reflections applied from both sides, with inner products of at most `size` numbers, and each of the
 *   QL steps adds an error of some size u |G|_F in the worst case (Higham, lemma 19.3); of different signs, they grow
 *   together as size u |G|_F. The factor of 10 leaves more than a hundred times what is seen.
 */
export function eigenvalueBound(frobenius: number, gramNorm: number, length: number, size: number): number {
  const adding = Math.min(1.01 * length, 10 * Math.sqrt(length));
  return U * (adding * frobenius * frobenius + 10 * size * gramNorm);
}

/** How far the root of an eigenvalue can lie from the singular value, where the eigenvalue errs by at most `bound`. */
export function singularValueBound(value: number, bound: number): number {
  const square = value * value;
  return square > bound
    ? bound / (value + Math.sqrt(square - bound))
    : Math.max(value, Math.sqrt(square + bound) - value);
}

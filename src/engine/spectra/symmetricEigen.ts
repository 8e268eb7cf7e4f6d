import { GraphError } from '../../base/errors';

/** Unit round-off of f64. */
const U = 2 ** -53;
/** QL steps for one eigenvalue; two are usual. */
const MOST_STEPS = 60;

/**
 * Eigenvalues (descending) and vectors (columns, row-major) of a symmetric matrix [n, n], for small ones: Householder
 * tridiagonalisation (Golub & Van Loan, 4th ed., algorithm 8.3.1), then QL steps with Wilkinson's shift (section
 * 8.3.3) that rotate the vectors along. What is below the round-off of the matrix as a whole counts as zero: no
 * eigenvalue moves by more than that. Each step leaves as much, so that the small eigenvalues of a matrix of low rank,
 * measured by their own size, would never come to rest. Throws `GraphError` where there is no number.
 */
export function symmetricEigen(
  symmetric: ArrayLike<number>,
  n: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  // The rows of `rows` become the eigenvectors: loops along rows are quick.
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  const matrix = Float64Array.from(symmetric);
  const least = U * frobenius(matrix);
  const { diagonal, off } = tridiagonalise(matrix, rows, n, least);
  for (let first = 0; first < n; first++) {
    for (let step = 0; ; step++) {
      let last = first;
      while (last < n - 1 && !isZero(off, diagonal, last, least)) last++;
      if (last === first) break;
      if (step === MOST_STEPS)
        throw new GraphError({ what: 'the eigenvalues of a small matrix do not converge' });
      stepUp(diagonal, off, rows, n, first, last);
    }
  }
  const order = [...diagonal.keys()].sort((i, j) => (diagonal[j] ?? 0) - (diagonal[i] ?? 0));
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = rows[from * n + i] ?? 0;
  });
  return { values: Float64Array.from(order, (from) => diagonal[from] ?? 0), vectors };
}

/** The Frobenius norm, of whatever size the numbers are. */
function frobenius(matrix: Float64Array): number {
  const most = matrix.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
  if (most === 0) return 0;
  return most * Math.sqrt(matrix.reduce((sum, value) => sum + (value / most) ** 2, 0));
}

/** Whether the off-diagonal between rows i and i + 1 is no more than round-off. */
function isZero(off: Float64Array, diagonal: Float64Array, i: number, least: number): boolean {
  const value = Math.abs(off[i] ?? 0);
  return value <= least || value <= U * (Math.abs(diagonal[i] ?? 0) + Math.abs(diagonal[i + 1] ?? 0));
}

/** H A H with reflections H = I - v v^T, |v|^2 = 2, from the first column on; `rows` becomes the product of all H. */
function tridiagonalise(
  a: Float64Array,
  rows: Float64Array,
  n: number,
  least: number,
): { readonly diagonal: Float64Array; readonly off: Float64Array } {
  const off = new Float64Array(n);
  const [v, w] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n - 1; k++) {
    let rest = 0;
    for (let j = k + 2; j < n; j++) rest += (a[k * n + j] ?? 0) ** 2;
    const alpha = a[k * n + k + 1] ?? 0;
    off[k] = alpha;
    if (rest <= least * least) continue;
    const norm = Math.sqrt(rest + alpha * alpha);
    const left = alpha < 0 ? norm : -norm;
    off[k] = left;
    const scale = 1 / Math.sqrt(norm * (norm + Math.abs(alpha)));
    for (let j = k + 1; j < n; j++) v[j] = (a[k * n + j] ?? 0) * scale;
    v[k + 1] = (alpha - left) * scale;
    let half = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += (a[i * n + j] ?? 0) * (v[j] ?? 0);
      w[i] = sum;
      half += (sum * (v[i] ?? 0)) / 2;
    }
    for (let i = k + 1; i < n; i++) w[i] = (w[i] ?? 0) - half * (v[i] ?? 0);
    for (let i = k + 1; i < n; i++) {
      const [vi, wi] = [v[i] ?? 0, w[i] ?? 0];
      for (let j = k + 1; j < n; j++)
        a[i * n + j] = (a[i * n + j] ?? 0) - vi * (w[j] ?? 0) - wi * (v[j] ?? 0);
    }
    applyToRows(rows, v, w, n, k + 1);
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] ?? 0), off };
}

/** rows = (I - v v^T) rows, where v is 0 before `first`; `sums` is scratch. */
function applyToRows(
  rows: Float64Array,
  v: Float64Array,
  sums: Float64Array,
  n: number,
  first: number,
): void {
  sums.fill(0);
  for (let i = first; i < n; i++) {
    const factor = v[i] ?? 0;
    for (let j = 0; j < n; j++) sums[j] = (sums[j] ?? 0) + factor * (rows[i * n + j] ?? 0);
  }
  for (let i = first; i < n; i++) {
    const factor = v[i] ?? 0;
    for (let j = 0; j < n; j++) rows[i * n + j] = (rows[i * n + j] ?? 0) - factor * (sums[j] ?? 0);
  }
}

/** One implicit QL step on the rows `first` .. `last`: it chases a bulge up from the last row. */
function stepUp(
  d: Float64Array,
  off: Float64Array,
  rows: Float64Array,
  n: number,
  first: number,
  last: number,
): void {
  let ahead = (d[last] ?? 0) - wilkinsonShift(d[first] ?? 0, d[first + 1] ?? 0, off[first] ?? 0);
  let [cosine, sine, carried] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const bulge = sine * (off[i] ?? 0);
    const along = cosine * (off[i] ?? 0);
    const length = Math.sqrt(bulge * bulge + ahead * ahead);
    off[i + 1] = length;
    if (length === 0) {
      // The matrix falls apart here: what was carried along goes back, and the block is looked at anew.
      d[i + 1] = (d[i + 1] ?? 0) - carried;
      off[last] = 0;
      return;
    }
    sine = bulge / length;
    cosine = ahead / length;
    const below = (d[i + 1] ?? 0) - carried;
    const turned = ((d[i] ?? 0) - below) * sine + 2 * cosine * along;
    carried = sine * turned;
    d[i + 1] = below + carried;
    ahead = cosine * turned - along;
    rotateRows(rows, n, i, cosine, sine);
  }
  d[first] = (d[first] ?? 0) - carried;
  off[first] = ahead;
  off[last] = 0;
}

/** The eigenvalue of [[a, e], [e, b]] that is nearer to a. */
function wilkinsonShift(a: number, b: number, e: number): number {
  const half = (b - a) / (2 * e);
  const root = Math.sqrt(1 + half * half);
  return a - e / (half < 0 ? half - root : half + root);
}

/** Rotates rows i and i + 1. */
function rotateRows(rows: Float64Array, n: number, i: number, cosine: number, sine: number): void {
  for (let j = i * n; j < (i + 1) * n; j++) {
    const [upper, lower] = [rows[j] ?? 0, rows[j + n] ?? 0];
    rows[j + n] = sine * upper + cosine * lower;
    rows[j] = cosine * upper - sine * lower;
  }
}

/** A symmetric tridiagonal matrix. */
export interface Tridiagonal {
  /** [n] */
  readonly diagonal: Float64Array;
  /** [n], of which the i-th stands between rows i - 1 and i; the first does not count. */
  readonly offDiagonal: Float64Array;
}

/** Unit round-off of f64. */
const U = 2 ** -53;
/** So many are enough; more help where a start lacked the direction that is left. */
const STEPS = 2;
const MOST_STEPS = 6;
/** What is left of a unit vector when the found ones are taken from it: below this it was one of them. */
const FOUND = 1e-3;
/** Above this, what is left is as orthogonal to them as rounding allows; below, they are taken from it once more. */
const MOST_LEFT = 0.5;

/** Vectors that stand somewhere, by their numbers. */
export interface Vectors {
  write(k: number, vector: Float64Array): void;
  read(k: number): Float64Array;
  /** Takes from the k-th vector what of it lies along each of those before it, which are of unit length. */
  removeEarlier(k: number): void;
}

/**
 * Orthonormal eigenvectors, one into each of `vectors`, for eigenvalues that are known (descending), by inverse iteration
 * (Golub & Van Loan, 4th ed., section 8.2.2). Each vector is kept orthogonal to all before it, so that values that lie
 * close together, or are the same, get different ones.
 */
export function eigenvectors(matrix: Tridiagonal, values: Float64Array, vectors: Vectors): void {
  const solver = new ShiftedSolver(matrix);
  for (const [k, value] of values.entries()) {
    solver.shift(value);
    let seed = k;
    let vector = drawn(matrix.diagonal.length, seed);
    for (let step = 0, settled = 0; step < MOST_STEPS && settled < STEPS; step++) {
      solver.solve(vector);
      normalise(vector);
      const left = removeEarlier(vectors, k, vector);
      if (left > FOUND) settled++;
      else vector = drawn(vector.length, ++seed);
      if (left > FOUND && left < MOST_LEFT) removeEarlier(vectors, k, vector);
    }
    vectors.write(k, vector);
  }
}

/**
 * Takes from a unit vector, in place, what lies along the first k, and makes it a unit vector again. Answers how long
 * what was left had been.
 */
function removeEarlier(vectors: Vectors, k: number, vector: Float64Array): number {
  vectors.write(k, vector);
  vectors.removeEarlier(k);
  vector.set(vectors.read(k));
  return normalise(vector);
}

/** Solves (T - shift I) x = b by elimination with exchange of rows. */
class ShiftedSolver {
  private readonly n: number;
  /** The upper triangle: its diagonal, and the two beside it. */
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private readonly third: Float64Array;
  /** What of a row was taken from the next; and whether the two had changed places before. */
  private readonly factors: Float64Array;
  private readonly swapped: Uint8Array;
  private readonly tiny: number;

  constructor(private readonly matrix: Tridiagonal) {
    const n = matrix.diagonal.length;
    this.n = n;
    [this.first, this.second, this.third, this.factors] = [
      new Float64Array(n),
      new Float64Array(n),
      new Float64Array(n),
      new Float64Array(n),
    ];
    this.swapped = new Uint8Array(n);
    const greatest = [...matrix.diagonal, ...matrix.offDiagonal].reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      0,
    );
    this.tiny = greatest > 0 ? U * greatest : 1;
  }

  shift(value: number): void {
    const { n, first, second, third, factors, swapped, tiny } = this;
    const { diagonal, offDiagonal } = this.matrix;
    let [pivot, beside] = [(diagonal[0] ?? 0) - value, offDiagonal[1] ?? 0];
    for (let i = 0; i < n; i++) {
      const last = i === n - 1;
      const below = last ? 0 : (offDiagonal[i + 1] ?? 0);
      const next = last ? 0 : (diagonal[i + 1] ?? 0) - value;
      const after = i + 2 < n ? (offDiagonal[i + 2] ?? 0) : 0;
      if (Math.abs(below) > Math.abs(pivot)) {
        const factor = pivot / below;
        first[i] = below;
        second[i] = next;
        third[i] = after;
        factors[i] = factor;
        swapped[i] = 1;
        pivot = beside - factor * next;
        beside = -factor * after;
      } else {
        // A pivot of 0 is what the shift by an eigenvalue makes; a tiny one serves as well.
        if (Math.abs(pivot) < tiny) pivot = tiny;
        const factor = below / pivot;
        first[i] = pivot;
        second[i] = beside;
        third[i] = 0;
        factors[i] = factor;
        swapped[i] = 0;
        pivot = next - factor * beside;
        beside = after;
      }
    }
  }

  /** In place. */
  solve(x: Float64Array): void {
    const { n, first, second, third, factors, swapped } = this;
    for (let i = 0; i < n - 1; i++) {
      const own = x[i] ?? 0;
      const next = x[i + 1] ?? 0;
      const factor = factors[i] ?? 0;
      if (swapped[i] === 1) {
        x[i] = next;
        x[i + 1] = own - factor * next;
      } else x[i + 1] = next - factor * own;
    }
    let after = 0;
    let later = 0;
    for (let i = n - 1; i >= 0; i--) {
      const value = ((x[i] ?? 0) - (second[i] ?? 0) * after - (third[i] ?? 0) * later) / (first[i] ?? 1);
      x[i] = value;
      later = after;
      after = value;
    }
  }
}

/** Numbers between -1 and 1 with no pattern that an eigenvector could have; those of another seed are others. */
function drawn(length: number, seed: number): Float64Array {
  const numbers = new Float64Array(length);
  let state = 1 + seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    numbers[i] = state / 2 ** 31 - 1;
  }
  return numbers;
}

/** Makes it a unit vector, and says how long it was. */
function normalise(vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) ** 2;
  const length = Math.sqrt(sum);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return length;
}

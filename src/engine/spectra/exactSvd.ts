import type { TopSingular } from './triples';
import { symmetricEigen } from './symmetricEigen';

/** Two vectors count as orthogonal below this cosine. */
const ORTHOGONAL = 1e-14;
/** Two or three are enough after a good start; the bound holds whatever the matrix. */
const MOST_SWEEPS = 60;
/** A direction with less than this share of the greatest value holds nothing but round-off. */
const NOTHING = 1e-12;

/**
 * The top `rank` singular triples of W [rows, columns] by a whole decomposition in f64: the eigenvectors of the Gram
 * matrix as a start, then one-sided Jacobi rotations (Hestenes 1958; Demmel & Veselić 1992), which always end and are
 * exact to round-off for small values too. For small matrices, where it costs less than a randomised one. A value of
 * 0 comes with a zero left or right vector.
 */
export function exactTopSingular(
  weight: Float32Array,
  rows: number,
  columns: number,
  rank: number,
): TopSingular {
  // The vectors that are made orthogonal are W's columns, or its rows where those are fewer.
  const wide = columns > rows;
  const count = wide ? rows : columns;
  const length = wide ? columns : rows;
  const start = Array.from({ length: count }, (_, j) =>
    Float64Array.from({ length }, (_, i) => weight[wide ? j * columns + i : i * columns + j] ?? 0),
  );
  const rotations = startingRotations(start);
  const vectors = rotations.map((rotation) => {
    const vector = new Float64Array(length);
    start.forEach((from, i) => addScaled(vector, from, rotation[i] ?? 0));
    return vector;
  });
  orthogonalise(vectors, rotations);

  const values = vectors.map((vector) => Math.sqrt(dot(vector, vector)));
  const order = values.map((_, i) => i).sort((i, j) => (values[j] ?? 0) - (values[i] ?? 0));
  const least = NOTHING * (values[order[0] ?? 0] ?? 0);
  const u = new Float32Array(rows * rank);
  const sigma = new Float32Array(rank);
  const vt = new Float32Array(rank * columns);
  for (let k = 0; k < rank; k++) {
    const from = order[k] ?? 0;
    const value = values[from] ?? 0;
    const scale = value > least ? 1 / value : 0;
    const long = vectors[from];
    const short = rotations[from];
    sigma[k] = value * scale * value;
    for (let i = 0; i < rows; i++) u[i * rank + k] = (wide ? short?.[i] : (long?.[i] ?? 0) * scale) ?? 0;
    for (let j = 0; j < columns; j++)
      vt[k * columns + j] = (wide ? (long?.[j] ?? 0) * scale : short?.[j]) ?? 0;
  }
  return { u, sigma, vt };
}

/** Orthonormal vectors that make `vectors` nearly orthogonal: the eigenvectors of their Gram matrix. */
function startingRotations(vectors: readonly Float64Array[]): readonly Float64Array[] {
  const count = vectors.length;
  const gram = vectors.flatMap((a) => vectors.map((b) => dot(a, b)));
  const eigen = symmetricEigen(gram, count).vectors;
  return vectors.map((_, j) => Float64Array.from({ length: count }, (_, i) => eigen[i * count + j] ?? 0));
}

/** Rotates pairs of vectors until all are orthogonal, and `rotations` with them. */
function orthogonalise(vectors: readonly Float64Array[], rotations: readonly Float64Array[]): void {
  const energy = vectors.reduce((sum, vector) => sum + dot(vector, vector), 0);
  const roundOff = 1e-30 * energy;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let rotated = false;
    for (const [q, second] of vectors.entries()) {
      for (let p = 0; p < q; p++) {
        const first = vectors[p] ?? second;
        const [alpha, beta, gamma] = [dot(first, first), dot(second, second), dot(first, second)];
        if (Math.abs(gamma) <= Math.max(roundOff, ORTHOGONAL * Math.sqrt(alpha * beta))) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(first, second, cosine, cosine * tangent);
        rotate(rotations[p] ?? second, rotations[q] ?? second, cosine, cosine * tangent);
      }
    }
    if (!rotated) return;
  }
}

function rotate(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function addScaled(sum: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (vector[i] ?? 0);
}

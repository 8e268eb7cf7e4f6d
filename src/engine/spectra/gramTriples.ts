import { topEigen } from './tridiagonal/topEigen';

/** What the Gram matrix of q vectors says of their singular directions. */
export interface GramTriples {
  /** [rank], descending */
  readonly sigma: Float32Array;
  /** [q, rank]: the combinations of the vectors that their singular directions are. */
  readonly rotation: Float32Array;
  /** The same over the values, which makes unit vectors of them; 0 where there is nothing. */
  readonly over: Float32Array;
}

/** The top `rank` singular values and directions of q vectors from their Gram matrix [q, q] in f64. */
export function gramTriples(gram: Float64Array, q: number, rank: number): GramTriples {
  const { values, vectors } = topEigen([{ first: 0, rows: q, values: gram }], q, rank);
  const rotation = new Float32Array(q * rank);
  const over = new Float32Array(q * rank);
  const sigma = new Float32Array(rank);
  for (let k = 0; k < rank; k++) {
    const value = Math.sqrt(Math.max(0, values[k] ?? 0));
    sigma[k] = value;
    for (let i = 0; i < q; i++) {
      const element = vectors[k * q + i] ?? 0;
      rotation[i * rank + k] = element;
      over[i * rank + k] = value > 0 ? element / value : 0;
    }
  }
  return { sigma, rotation, over };
}

/** Top singular triples of a weight W [outputs, inputs] ~ U diag(sigma) Vt. */
export interface TopSingular {
  /** [outputs, rank], row-major */
  readonly u: Float32Array;
  /** [rank], descending */
  readonly sigma: Float32Array;
  /** [rank, inputs], row-major */
  readonly vt: Float32Array;
}

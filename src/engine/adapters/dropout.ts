import { add, mul, sub } from '../graph/builder';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';

/** Random numbers that one dropout mask is made of, drawn anew for every micro-batch. */
export interface DropoutNoise {
  /** [rows, 1], uniform in [0.5, 1) times `ROW_SCALE` */
  readonly rows: Value;
  /** [1, width], uniform in [0.5, 1) */
  readonly columns: Value;
}

/** Leaves some twelve bits of a product of two f32 numbers behind the point. */
export const ROW_SCALE = 4096;

/**
 * Inverted dropout of x [rows, width]: each number is 0 with the given probability, else divided by its complement.
 * The mask is a hash of two small random vectors, frac(row * column), made in the graph: nothing of x's size has to be
 * drawn on the host, and the same vectors give the same mask again when it is recomputed or a run is resumed.
 */
export function dropout(graph: Graph, x: Value, probability: number, noise: DropoutNoise): Value {
  const truncate = (value: Value): Value =>
    graph.add('Cast', [graph.add('Cast', [value], { to: 'i32' })], { to: 'f32' });
  const product = mul(graph, noise.rows, noise.columns);
  const uniform = sub(graph, product, truncate(product));
  const kept = truncate(add(graph, uniform, graph.scalar(1 - probability)));
  return mul(graph, x, mul(graph, kept, graph.scalar(1 / (1 - probability))));
}

import { shapesEqual, type Shape } from '../graph/dims';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';

/**
 * `x` under another shape. Sees through reshapes that led to `x`: a gradient that was flattened on one side of a
 * Reshape and is given its shape again on the other needs neither, and a shape of two symbols could not be written.
 */
export function reshaped(graph: Graph, x: Value, shape: Shape): Value {
  let source = x;
  for (let node = graph.producer(source); node?.op === 'Reshape'; node = graph.producer(source)) {
    const [inner] = node.inputs;
    if (inner === undefined) break;
    source = inner;
    if (shapesEqual(source.shape, shape)) return source;
  }
  return shapesEqual(x.shape, shape) ? x : graph.add('Reshape', [source], { shape });
}

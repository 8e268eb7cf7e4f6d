import { shapesEqual, type Dim, type Shape } from '../graph/dims';
import type { OpType, Value } from '../graph/types';
import type { RuleContext } from './rule';

function isStatic(shape: Shape): boolean {
  return shape.every((dim) => typeof dim === 'number');
}

/**
 * `value` broadcast to the shape of `like`. Expand needs a static shape; a symbolic one comes from `like` itself by
 * max(min(like, v), v), which is v whatever finite or infinite number `like` holds.
 */
export function broadcastLike<K extends OpType>({ graph }: RuleContext<K>, value: Value, like: Value): Value {
  if (shapesEqual(value.shape, like.shape)) return value;
  if (isStatic(like.shape)) return graph.add('Expand', [value], { shape: like.shape });
  return graph.add('Max', [graph.add('Min', [like, value], {}), value], {});
}

/**
 * Zeros of `shape`. Its symbolic dimensions must be those of `source` at the same places; only a sliver of `source`
 * is read, and an infinity in it still gives 0.
 */
export function zeros<K extends OpType>(context: RuleContext<K>, shape: Shape, source: Value): Value {
  const { graph } = context;
  const zero = context.scalar(0, source);
  if (isStatic(shape)) return graph.add('Expand', [zero], { shape });
  let sliver = source;
  source.shape.forEach((dim, axis) => {
    if (typeof shape[axis] === 'number' && dim !== 1)
      sliver = graph.add('Slice', [sliver], { axis, start: 0, end: 1 });
  });
  const column = graph.add('Max', [graph.add('Min', [sliver, zero], {}), zero], {});
  if (shapesEqual(column.shape, shape)) return column;
  const row = shape.map((dim): Dim => (typeof dim === 'number' ? dim : 1));
  return graph.add('Add', [column, graph.add('Expand', [zero], { shape: row })], {});
}

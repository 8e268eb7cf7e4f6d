import * as b from '../../../../src/engine/graph/builder';
import { Graph } from '../../../../src/engine/graph/graph';
import type { HostTensor } from '../../../../src/engine/graph/types';

export function f32(shape: readonly number[], values: readonly number[]): HostTensor {
  return { dtype: 'f32', shape, data: Float32Array.from(values) };
}

export function i64(shape: readonly number[], values: readonly number[]): HostTensor {
  return { dtype: 'i64', shape, data: BigInt64Array.from(values, BigInt) };
}

/** A graph in which every operator stands that may stand in a file. */
export function everyOperator(): Graph {
  const g = new Graph();
  const x = g.input('x', 'f32', ['N', 4]);
  const rows = g.input('rows', 'i64', ['B', 'L']);
  const back = g.input('back', 'i64', ['N']);
  const mask = g.input('mask', 'f32', ['N', 1]);
  const positions = g.input('positions', 'i64', ['N', 1]);
  const cos = g.input('cos', 'f32', ['P', 1]);
  const sin = g.input('sin', 'f32', ['P', 1]);
  const picks = g.input('picks', 'i64', ['N', 1]);
  const places = g.input('places', 'i64', ['N', 2]);
  const weight = g.external('weight', 'f32', [6, 4], { file: 'model.safetensors', offset: 72, length: 96 });
  const scale = g.constant('scale', f32([4], [1, 2, 3, 4]));
  const normed = g.scoped('layers.0', () => b.rmsNorm(g, x, scale, 1e-5, 'normed'));
  g.checkpoints.add(normed);
  const wide = g.scoped('layers.0', () =>
    g.scoped('mlp', () => b.gemm(g, normed, weight, { transB: true, name: 'wide' })),
  );
  const [left, middle, right] = g.addAll('Split', [wide], { axis: 1, parts: 3 }, { name: 'third' });
  if (left === undefined || middle === undefined || right === undefined) throw new Error('a split in three');
  const joined = b.concat(g, [left, g.add('QuickGelu', [middle], { alpha: 1 })], -1);
  const spun = b.rotary(g, b.reshape(g, joined, ['N', 1, 4]), positions, cos, sin, 2);
  const flat = b.reshape(g, spun, ['N', 4]);
  const padded = b.gather(g, flat, rows, { indices: back, mask }, 'padded');
  const scores = b.matmul(g, padded, b.transpose(g, padded, [0, 2, 1]));
  const fused = g.add('FusedMatMul', [padded, padded], { transB: true, alpha: 0.5 });
  const probabilities = b.softmax(g, b.min(g, scores, fused));
  g.add('LogSoftmax', [probabilities], { axis: -1 });
  g.staged('recompute', () => {
    for (const op of ['Neg', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Sigmoid', 'Identity'] as const)
      g.add(op, [x], {});
    b.sub(g, b.mul(g, x, x), b.div(g, x, g.add('Max', [x, g.scalar(0.5)], {})));
  });
  const loss = g.staged('backward', () => {
    const picked = g.add('GatherElements', [x, picks], { axis: 1 });
    const scattered = g.add('ScatterElements', [x, picks, picked], { axis: 1, reduction: 'add' });
    const column = b.reshape(g, picked, ['N']);
    const placed = g.add('ScatterND', [scattered, places, column], {});
    const sums = b.add(
      g,
      b.reduceSum(g, placed, [1], true),
      g.add('ReduceMean', [placed], { axes: [-1], keepdims: true }),
    );
    const square = g.add('ReduceSumSquare', [b.slice(g, placed, 1, 1, 3)], { axes: [0], keepdims: false });
    const spread = g.add('Expand', [square], { shape: [3, 2] });
    g.output(g.add('Cast', [spread], { to: 'f64' }, { name: 'spread' }));
    return sums;
  });
  g.output(loss);
  return g;
}

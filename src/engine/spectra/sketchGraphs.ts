import { gemm, mul, reduceSum, sub, transpose } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { Value } from '../graph/types';

/**
 * The graphs of a randomised decomposition of W [M, K]. Sketches stand as rows, [q, n], which the runtime multiplies
 * fastest. `short` is W's shorter side, `long` the other; `wide` says that the short side are W's rows. Gram matrices
 * are summed in f64.
 */

type Make = (wide: boolean) => Graph;

/** W, and what leads across it either way. */
function matrix(graph: Graph, wide: boolean) {
  const w = graph.input('w', 'f32', ['M', 'K']);
  return {
    w,
    short: wide ? 'M' : 'K',
    long: wide ? 'K' : 'M',
    /** The products of rows [q, short] with W: rows [q, long]. */
    out: (x: Value, name?: string): Value => gemm(graph, x, w, { transB: !wide, ...named(name) }),
    back: (y: Value, name?: string): Value => gemm(graph, y, w, { transB: wide, ...named(name) }),
  };
}

const named = (name: string | undefined): { readonly name?: string } => (name === undefined ? {} : { name });

/** W's transpose: see `passGraph`. */
export const turnedGraph: Make = () => {
  const graph = new Graph();
  graph.output(transpose(graph, graph.input('w', 'f32', ['M', 'K']), [1, 0], 'turned'));
  return graph;
};

function outputGram(graph: Graph, rows: Value): void {
  const wide = graph.add('Cast', [rows], { to: 'f64' });
  graph.output(gemm(graph, wide, wide, { transB: true, name: 'gram' }));
}

/**
 * A pass: the rows x = factor^T rest [b, short], orthonormal, join the basis [k, short], and what W^T W (for a tall W)
 * makes of them comes back in parts: `inner` [b, k] and `own` [b, b], its inner products with the basis and with x, and
 * `next_rest`, what lies outside of both, with its Gram matrix. What of x lies along the rows of `cleaner` [c, short] is
 * taken out first.
 *
 * The two products with W are by far the most of it. Its few rows stand as columns there, behind W on the way out and
 * behind its transpose on the way back: a runtime packs what stands on the right for every product, and a matrix that
 * is read row by row needs none of that.
 */
export const passGraph: Make = (wide) => {
  const graph = new Graph();
  const { w, short } = matrix(graph, wide);
  const turned = graph.input('turned', 'f32', ['K', 'M']);
  const basis = graph.input('basis', 'f32', ['k', short]);
  const cleaner = graph.input('cleaner', 'f32', ['c', short]);
  const rest = graph.input('rest', 'f32', ['b', short]);
  const factor = graph.input('factor', 'f32', ['b', 'b']);
  const innerOf = (rows: Value, others: Value, name?: string): Value =>
    gemm(graph, rows, others, { transB: true, ...named(name) });
  const without = (rows: Value, others: Value, inner: Value, name?: string): Value =>
    sub(graph, rows, gemm(graph, inner, others), name);

  const rows = gemm(graph, factor, rest, { transA: true });
  const x = without(rows, cleaner, innerOf(rows, cleaner), 'x');
  const [out, back] = wide ? [turned, w] : [w, turned];
  const columns = gemm(graph, back, gemm(graph, out, transpose(graph, x, [1, 0])));
  const product = transpose(graph, columns, [1, 0]);
  const inner = innerOf(product, basis, 'inner');
  const own = innerOf(product, x, 'own');
  const next = without(without(product, basis, inner), x, own, 'next_rest');
  for (const value of [x, inner, own, next]) graph.output(value);
  outputGram(graph, next);
  return graph;
};

/** x = factor^T basis, its image, the product with W [q, long], and the image's Gram matrix. */
export const outGraph: Make = (wide) => {
  const graph = new Graph();
  const { short, out } = matrix(graph, wide);
  const basis = graph.input('basis', 'f32', ['k', short]);
  const factor = graph.input('factor', 'f32', ['k', 'q']);
  const x = gemm(graph, factor, basis, { transA: true, name: 'x' });
  const image = out(x, 'image');
  graph.output(x);
  graph.output(image);
  outputGram(graph, image);
  return graph;
};

/** The way back from the orthonormal rows factor^T image: [q, short], and its Gram matrix. */
export const backGraph: Make = (wide) => {
  const graph = new Graph();
  const { long, back } = matrix(graph, wide);
  const image = graph.input('image', 'f32', ['q', long]);
  const factor = graph.input('factor', 'f32', ['q', 'q']);
  const next = back(gemm(graph, factor, image, { transA: true }), 'next');
  graph.output(next);
  outputGram(graph, next);
  return graph;
};

/**
 * Triples from orthonormal x and its image: x's side is rotation^T x, the image's over^T image, with over = rotation
 * times Sigma^-1. Then the way back from the latter, its Gram matrix, and by row the square of what it differs by from
 * sigma times x's side, which would be 0 for a true triple.
 */
export const refineGraph: Make = (wide) => {
  const graph = new Graph();
  const { short, long, back } = matrix(graph, wide);
  const x = graph.input('x', 'f32', ['q', short]);
  const image = graph.input('image', 'f32', ['q', long]);
  const rotation = graph.input('rotation', 'f32', ['q', 'q']);
  const over = graph.input('over', 'f32', ['q', 'q']);
  const sigma = graph.input('sigma', 'f32', ['q', 1]);
  const longSide = gemm(graph, over, image, { transA: true, name: 'long_side' });
  const projected = back(longSide, 'projected');
  const residual = sub(graph, projected, mul(graph, gemm(graph, rotation, x, { transA: true }), sigma));
  graph.output(longSide);
  graph.output(projected);
  outputGram(graph, projected);
  graph.output(reduceSum(graph, mul(graph, residual, residual), [1], false, 'residual_squares'));
  return graph;
};

/** The first r triples from orthonormal rows of the long side, and what leads back from them. */
export const finishGraph: Make = (wide) => {
  const graph = new Graph();
  const [short, long] = wide ? ['M', 'K'] : ['K', 'M'];
  const longSide = graph.input('long_side', 'f32', ['q', long]);
  const projected = graph.input('projected', 'f32', ['q', short]);
  const rotation = graph.input('rotation', 'f32', ['q', 'r']);
  const over = graph.input('over', 'f32', ['q', 'r']);
  const longVectors = { factor: rotation, rows: longSide };
  const shortVectors = { factor: over, rows: projected };
  const [left, right] = wide ? [shortVectors, longVectors] : [longVectors, shortVectors];
  const rotated = gemm(graph, left.factor, left.rows, { transA: true });
  graph.output(transpose(graph, rotated, [1, 0], 'u'));
  graph.output(gemm(graph, right.factor, right.rows, { transA: true, name: 'vt' }));
  return graph;
};

import type { Shape } from './dims';
import type { Graph } from './graph';
import type { GatherAdjoint, Value } from './types';

/** Options of `gemm`: what is transposed, the factors, and `c`, which is added (it broadcasts to the product). */
export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
  readonly c?: Value | undefined;
  readonly name?: string;
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

/** alpha * op(a) op(b) + beta * c of 2-D values; a linear layer is `gemm(g, x, weight, { transB: true })`. */
export function gemm(g: Graph, a: Value, b: Value, options: GemmOptions = {}): Value {
  const { c, name, ...attributes } = options;
  return g.add('Gemm', c === undefined ? [a, b] : [a, b, c], attributes, named(name));
}

/** Batched product of the last two axes, with leading axes broadcast. */
export function matmul(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('MatMul', [a, b], {}, named(name));
}

/** Same elements under another shape; symbols are allowed, and one -1. */
export function reshape(g: Graph, x: Value, shape: Shape, name?: string): Value {
  return g.add('Reshape', [x], { shape }, named(name));
}

/** Axis i of the result is axis `perm[i]` of x. */
export function transpose(g: Graph, x: Value, perm: readonly number[], name?: string): Value {
  return g.add('Transpose', [x], { perm }, named(name));
}

/**
 * Rows of `data` by `indices` of any shape: [...indices, ...data without its first axis]. `adjoint` says that the
 * gather is one to one on the rows that matter, so that its gradient is a gather too.
 */
export function gather(g: Graph, data: Value, indices: Value, adjoint?: GatherAdjoint, name?: string): Value {
  const options = adjoint === undefined ? named(name) : { ...named(name), adjoint };
  return g.add('Gather', [data, indices], { axis: 0 }, options);
}

export function add(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('Add', [a, b], {}, named(name));
}

export function sub(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('Sub', [a, b], {}, named(name));
}

export function mul(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('Mul', [a, b], {}, named(name));
}

export function div(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('Div', [a, b], {}, named(name));
}

export function min(g: Graph, a: Value, b: Value, name?: string): Value {
  return g.add('Min', [a, b], {}, named(name));
}

/** Values joined on one axis; the other axes are equal. */
export function concat(g: Graph, values: readonly Value[], axis: number, name?: string): Value {
  return g.add('Concat', values, { axis }, named(name));
}

/** Elements `start` (included) to `end` (excluded) of one axis. */
export function slice(g: Graph, x: Value, axis: number, start: number, end: number, name?: string): Value {
  return g.add('Slice', [x], { axis, start, end }, named(name));
}

/** x / sqrt(mean(x^2) + epsilon) * scale over the last axis; scale [width]. */
export function rmsNorm(g: Graph, x: Value, scale: Value, epsilon: number, name?: string): Value {
  return g.add('SimplifiedLayerNormalization', [x, scale], { epsilon }, named(name));
}

/**
 * Rotary embedding of x [N, 1, heads*headDim] at `positions` [N, 1] by the caches [positions, headDim/2]. The tokens
 * stand on the first axis, since onnxruntime refuses a second one that is longer than the caches.
 */
export function rotary(
  g: Graph,
  x: Value,
  positions: Value,
  cos: Value,
  sin: Value,
  headDim: number,
  name?: string,
): Value {
  return g.add('RotaryEmbedding', [x, positions, cos, sin], { headDim }, named(name));
}

/** silu(gate) * up. */
export function swiglu(g: Graph, gate: Value, up: Value, name?: string): Value {
  return g.add('SwiGLU', [gate, up], {}, named(name));
}

/** Over the last axis. */
export function softmax(g: Graph, x: Value, name?: string): Value {
  return g.add('Softmax', [x], { axis: -1 }, named(name));
}

/** Sum over `axes`, which stay as 1 where `keepdims`. */
export function reduceSum(
  g: Graph,
  x: Value,
  axes: readonly number[],
  keepdims: boolean,
  name?: string,
): Value {
  return g.add('ReduceSum', [x], { axes, keepdims }, named(name));
}

import { offsets, product, resolveAxis, strides, tensor, type Kernels, type Tensor } from './tensor';

interface Axes {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

function reduced(x: Tensor, { axes, keepdims }: Axes, term: (x: number) => number, mean: boolean): Tensor {
  const gone = new Set(axes.map((axis) => resolveAxis(axis, x.shape.length)));
  const kept = x.shape.map((dim, i) => (gone.has(i) ? 1 : dim));
  const steps = strides(kept).map((step, i) => (gone.has(i) ? 0 : step));
  const at = offsets(x.shape, steps);
  const out = tensor(keepdims ? kept : x.shape.filter((_, i) => !gone.has(i)));
  const divisor = mean ? product(x.shape) / product(kept) : 1;
  for (let i = 0; i < x.data.length; i++) {
    const to = at[i] ?? 0;
    out.data[to] = (out.data[to] ?? 0) + term(x.data[i] ?? 0) / divisor;
  }
  return out;
}

/** Applies `f` to each row of the last axis. */
function eachRow(x: Tensor, f: (row: Float64Array) => Float64Array): Tensor {
  const width = x.shape.at(-1) ?? 1;
  const out = tensor(x.shape);
  for (let i = 0; i < x.data.length; i += width) out.data.set(f(x.data.subarray(i, i + width)), i);
  return out;
}

/** log softmax of one row. */
export function logSoftmax(row: Float64Array): Float64Array {
  const max = row.reduce((most, x) => Math.max(most, x), -Infinity);
  const log = max + Math.log(row.reduce((sum, x) => sum + Math.exp(x - max), 0));
  return row.map((x) => x - log);
}

export const rowwise = {
  ReduceSum: ({ input, attributes }) => reduced(input(0), attributes, (x) => x, false),
  ReduceMean: ({ input, attributes }) => reduced(input(0), attributes, (x) => x, true),
  ReduceSumSquare: ({ input, attributes }) => reduced(input(0), attributes, (x) => x * x, false),
  Softmax: ({ input }) => eachRow(input(0), (row) => logSoftmax(row).map(Math.exp)),
  LogSoftmax: ({ input }) => eachRow(input(0), logSoftmax),
  SimplifiedLayerNormalization: ({ input, attributes: { epsilon } }) =>
    eachRow(input(0), (row) => {
      const meanSquare = row.reduce((sum, x) => sum + x * x, 0) / row.length;
      return row.map((x, i) => (x / Math.sqrt(meanSquare + epsilon)) * (input(1).data[i] ?? 0));
    }),
} satisfies Partial<Kernels>;

import {
  around,
  broadcastStrides,
  offsets,
  resolveAxis,
  strides,
  tensor,
  type Kernels,
  type Tensor,
} from './tensor';

/** Elements `start` to `end` of one axis. */
function sliced(x: Tensor, axis: number, start: number, end: number): Tensor {
  const { outer, size, inner } = around(x.shape, axis);
  const at = resolveAxis(axis, x.shape.length);
  const out = tensor(x.shape.map((dim, i) => (i === at ? end - start : dim)));
  for (let o = 0; o < outer; o++) {
    const from = (o * size + start) * inner;
    out.data.set(x.data.subarray(from, from + (end - start) * inner), o * (end - start) * inner);
  }
  return out;
}

function concatenated(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new Error('nothing to join');
  const at = resolveAxis(axis, first.shape.length);
  const total = parts.reduce((sum, part) => sum + (part.shape[at] ?? 0), 0);
  const out = tensor(first.shape.map((dim, i) => (i === at ? total : dim)));
  let start = 0;
  for (const part of parts) {
    const { outer, size, inner } = around(part.shape, axis);
    for (let o = 0; o < outer; o++) {
      const piece = part.data.subarray(o * size * inner, (o + 1) * size * inner);
      out.data.set(piece, (o * total + start) * inner);
    }
    start += size;
  }
  return out;
}

/** Elements of `x` read at `at`, as `shape`. */
function picked(x: Tensor, shape: readonly number[], at: Int32Array): Tensor {
  const out = tensor(shape);
  for (let i = 0; i < at.length; i++) out.data[i] = x.data[at[i] ?? 0] ?? 0;
  return out;
}

export const movement = {
  Transpose: ({ input, attributes: { perm } }) => {
    const x = input(0);
    const steps = strides(x.shape);
    const shape = perm.map((axis) => x.shape[axis] ?? 1);
    const moved = perm.map((axis) => steps[axis] ?? 0);
    return picked(x, shape, offsets(shape, moved));
  },
  Reshape: ({ input, outputShape }) => tensor(outputShape, input(0).data),
  Concat: ({ inputs, attributes: { axis } }) => concatenated(inputs, axis),
  Slice: ({ input, attributes: { axis, start, end } }) => sliced(input(0), axis, start, end),
  Split: ({ input, attributes: { axis, parts } }) => {
    const size = around(input(0).shape, axis).size / parts;
    if (!Number.isInteger(size)) throw new Error(`axis ${axis} has no ${parts} equal parts`);
    return Array.from({ length: parts }, (_, i) => sliced(input(0), axis, i * size, (i + 1) * size));
  },
  Expand: ({ input, outputShape }) =>
    picked(input(0), outputShape, offsets(outputShape, broadcastStrides(input(0).shape, outputShape))),
} satisfies Partial<Kernels>;

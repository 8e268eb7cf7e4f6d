import { around, checkedIndex, product, strides, tensor, type Kernels, type Tensor } from './tensor';

/** For each element of `indices`, the offset in `data` of the element it names along `axis`. */
function elementOffsets(data: Tensor, indices: Tensor, axis: number): Int32Array {
  const { size, inner } = around(data.shape, axis);
  const along = around(indices.shape, axis).size;
  const result = new Int32Array(indices.data.length);
  for (let i = 0; i < result.length; i++) {
    const outer = Math.floor(i / (along * inner));
    result[i] = (outer * size + checkedIndex(indices.data[i] ?? 0, size)) * inner + (i % inner);
  }
  return result;
}

function scattered(data: Tensor, at: Int32Array, updates: Float64Array, reduction: 'none' | 'add'): Tensor {
  const out = tensor(data.shape, data.data.slice());
  for (let i = 0; i < at.length; i++) {
    const to = at[i] ?? 0;
    const base = reduction === 'add' ? (out.data[to] ?? 0) : 0;
    out.data[to] = base + (updates[i] ?? 0);
  }
  return out;
}

export const indexing = {
  Gather: ({ input }) => {
    const data = input(0);
    const indices = input(1);
    const [rows = 1, ...rest] = data.shape;
    const width = product(rest);
    const out = tensor([...indices.shape, ...rest]);
    indices.data.forEach((index, i) => {
      const from = checkedIndex(index, rows) * width;
      out.data.set(data.data.subarray(from, from + width), i * width);
    });
    return out;
  },
  GatherElements: ({ input, attributes: { axis } }) => {
    const out = tensor(input(1).shape);
    elementOffsets(input(0), input(1), axis).forEach((from, i) => {
      out.data[i] = input(0).data[from] ?? 0;
    });
    return out;
  },
  ScatterElements: ({ input, attributes: { axis, reduction = 'none' } }) =>
    scattered(input(0), elementOffsets(input(0), input(1), axis), input(2).data, reduction),
  ScatterND: ({ input, attributes: { reduction = 'none' } }) => {
    const data = input(0);
    const indices = input(1);
    const depth = indices.shape.at(-1) ?? 1;
    const steps = strides(data.shape);
    const width = product(data.shape.slice(depth));
    const at = new Int32Array(input(2).data.length);
    for (let i = 0; i < at.length; i++) {
      const tuple = Math.floor(i / width) * depth;
      let offset = i % width;
      for (let axis = 0; axis < depth; axis++) {
        offset += checkedIndex(indices.data[tuple + axis] ?? 0, data.shape[axis] ?? 1) * (steps[axis] ?? 0);
      }
      at[i] = offset;
    }
    return scattered(data, at, input(2).data, reduction);
  },
} satisfies Partial<Kernels>;

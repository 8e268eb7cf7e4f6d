import type {
  CompositeOp,
  HostTensor,
  NoAttributes,
  OpAttributes,
  OpType,
} from '../../src/engine/graph/types';
import { awayFromZero, f32, floats, indices, ints, positive, times } from './tensors';

/**
 * Operators without a kernel in the WebGPU provider of onnxruntime 1.30: graphs for it must do without.
 */
type CpuOnly = 'FusedMatMul' | 'LogSoftmax';
export type CheckedOp = Exclude<OpType, CompositeOp | CpuOnly>;

export interface OperatorCase<K extends OpType> {
  readonly inputs: readonly HostTensor[];
  readonly attributes: OpAttributes[K];
}

type Shape = readonly number[];
const NONE = {};

const BROADCASTS: readonly (readonly [Shape, Shape])[] = [
  [[1], [1]],
  [
    [1, 577],
    [1, 577],
  ],
  [[3, 7], [7]],
  [
    [5, 1, 7],
    [1, 3, 1],
  ],
  [
    [2, 3, 5, 7],
    [2, 1, 5, 1],
  ],
  [[2, 3, 5, 8], []],
  [[], [4]],
  [
    [4, 64],
    [4, 1],
  ],
  [
    [2, 1, 6, 1],
    [2, 1, 1, 9],
  ],
  [[33_000], [33_000]],
  [[0, 5], [5]],
];

interface PlainCase {
  readonly inputs: readonly HostTensor[];
  readonly attributes: NoAttributes;
}

const binary: readonly PlainCase[] = [
  ...BROADCASTS.map(([a, b]) => ({ inputs: [f32(a), f32(b, awayFromZero)], attributes: NONE })),
  { inputs: [ints('i32', [4], [1, -5, 7, 9]), ints('i32', [4], [2, 2, 2, -3])], attributes: NONE },
];

const UNARY_SHAPES: readonly Shape[] = [[1], [], [3, 577], [2, 3, 5, 7], [0, 4]];
function unary(map: (x: number) => number, ...extremes: number[]): readonly PlainCase[] {
  const cases = UNARY_SHAPES.map((shape) => ({ inputs: [f32(shape, map)], attributes: NONE }));
  return [...cases, { inputs: [floats([extremes.length], extremes)], attributes: NONE }];
}

const BOTH = [false, true] as const;

function gemm(): OperatorCase<'Gemm'>[] {
  const product = (
    m: number,
    k: number,
    n: number,
    transA: boolean,
    transB: boolean,
    c?: Shape,
  ): OperatorCase<'Gemm'> => {
    const factors = [f32(transA ? [k, m] : [m, k]), f32(transB ? [n, k] : [k, n])];
    if (c === undefined) return { inputs: factors, attributes: { transA, transB } };
    return { inputs: [...factors, f32(c)], attributes: { transA, transB, alpha: 0.5, beta: 2 } };
  };
  // Few, since each is a shader of its own, and a software adapter takes seconds to compile one. A third input of
  // shape [] is left out: it aborts the process.
  return [
    ...BOTH.flatMap((transA) => BOTH.map((transB) => product(5, 7, 3, transA, transB))),
    product(1, 64, 33, false, true, [33]),
    product(5, 7, 3, false, false, [5, 1]),
    product(33, 65, 17, true, false, [33, 17]),
    product(16, 576, 48, false, true, [1, 48]),
    product(16, 576, 48, true, false),
    product(16, 576, 48, false, false, [16, 48]),
  ];
}

const PRODUCTS: readonly (readonly [Shape, Shape])[] = [
  [
    [1, 7],
    [7, 1],
  ],
  [
    [5, 7],
    [7, 3],
  ],
  [
    [2, 3, 5, 7],
    [2, 3, 7, 4],
  ],
  [
    [2, 6, 5, 16],
    [2, 1, 16, 9],
  ],
  [
    [2, 3, 5, 7],
    [7, 4],
  ],
  [
    [1, 3, 5, 7],
    [2, 1, 7, 4],
  ],
  [
    [2, 3, 1, 64],
    [2, 3, 64, 33],
  ],
  [
    [2, 3, 33, 64],
    [2, 3, 64, 17],
  ],
  [
    [0, 7],
    [7, 3],
  ],
];

const vectors = (many: number): HostTensor[] => Array.from({ length: many }, (_, i) => f32([3 + (i % 5)]));

type Index = 'i32' | 'i64';
const INDEX_TYPES: readonly Index[] = ['i32', 'i64'];
const GATHERS: readonly (readonly [Shape, Shape])[] = [
  [[8, 5], [3]],
  [
    [8, 5],
    [2, 3],
  ],
  [
    [8, 64],
    [2, 3, 4],
  ],
  [[49, 1], [6]],
  [[1, 5], [1]],
  [[9], [4]],
  [
    [8, 3, 4],
    [2, 2],
  ],
  [[8, 5], []],
  [[8, 5], [0]],
  [[49_152, 8], [5]],
];
/** Shapes of data and indices, and the axis. */
const ELEMENTS: readonly (readonly [Shape, Shape, number])[] = [
  [[5, 8], [5, 1], 1],
  [[5, 8], [5, 3], 1],
  [[3, 49_152], [3, 1], 1],
  [[2, 3, 5], [2, 3, 1], 2],
];

function scatterElements(): OperatorCase<'ScatterElements'>[] {
  const twice = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3];
  return INDEX_TYPES.flatMap((type) => [
    ...ELEMENTS.flatMap(([data, at, axis]) =>
      (['none', 'add'] as const).map((reduction) => ({
        inputs: [f32(data), indices(type, at, data[axis] ?? 1), f32(at)],
        attributes: { axis, reduction },
      })),
    ),
    {
      inputs: [f32([4, 5]), ints(type, [3, 5], twice), f32([3, 5])],
      attributes: { axis: 0, reduction: 'add' as const },
    },
  ]);
}

const REDUCED: readonly (readonly [Shape, readonly number[]])[] = [
  [[5, 7], [1]],
  [[5, 7], [0]],
  [
    [5, 7],
    [0, 1],
  ],
  [[1, 576], [1]],
  [
    [2, 3, 5, 7],
    [0, 1],
  ],
  [[2, 3, 5, 7], [3]],
  [
    [2, 3, 5, 7],
    [2, 3],
  ],
  [[100_003], [0]],
  [[7, 1], [1]],
];
const reductions: readonly {
  readonly inputs: readonly HostTensor[];
  readonly attributes: OpAttributes['ReduceSum'];
}[] = REDUCED.flatMap(([shape, axes]) =>
  // Of one sign: a long sum that cancels is not the same in another order.
  BOTH.map((keepdims) => ({ inputs: [f32(shape, positive)], attributes: { axes, keepdims } })),
);

const masked = floats([3, 4], [-1e30, -1e30, 1, 2, 0, -1e30, -1e30, -1e30, -1e30, -1e30, -1e30, -1e30]);
const NORM_SHAPES: readonly Shape[] = [
  [5, 7],
  [1, 576],
  [33, 64],
  [5, 6, 16],
  [4, 2048],
];

function rotary(tokens: number, heads: number, headDim: number): OperatorCase<'RotaryEmbedding'> {
  const caches = [f32([40, headDim / 2]), f32([40, headDim / 2])];
  const positions = indices('i64', [tokens, 1], 40);
  return { inputs: [f32([tokens, 1, heads * headDim]), positions, ...caches], attributes: { headDim } };
}

const cast = (input: HostTensor, to: 'f32' | 'i32' | 'bool'): OperatorCase<'Cast'> => ({
  inputs: [input],
  attributes: { to },
});

/** What every operator is tried on. A type error here: a new operator has no cases yet. */
export const CASES: { readonly [K in CheckedOp]: readonly OperatorCase<K>[] } = {
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Min: binary,
  Max: binary,
  Neg: unary(times(4), -1e30, 0, 1e30),
  Exp: unary(times(4), -1e30, -100, 0, 1),
  Log: unary(positive, 1e-30, 1, 1e30),
  Sqrt: unary(positive, 0, 1e-30, 1e30),
  Reciprocal: unary(positive, -1e-20, 1e20),
  Sigmoid: unary(times(4), -1e30, -100, 0, 100, 1e30),
  QuickGelu: unary(times(5), -1e4, -90, 0, 90, 1e4).map(({ inputs }) => ({
    inputs,
    attributes: { alpha: 1 },
  })),
  Cast: [
    cast(f32([5], times(9)), 'i32'),
    cast(ints('i32', [3], [-2, 0, 9]), 'f32'),
    cast(ints('bool', [2], [0, 1]), 'f32'),
    cast(floats([3], [0, 0.5, -2]), 'bool'),
  ],
  Identity: [...unary(times(4), -1e30, 1e30), { inputs: [ints('i32', [3], [1, 2, 3])], attributes: NONE }],
  Gemm: gemm(),
  MatMul: PRODUCTS.map(([a, b]) => ({ inputs: [f32(a), f32(b)], attributes: NONE })),
  Transpose: [
    { inputs: [f32([3, 7])], attributes: { perm: [1, 0] } },
    { inputs: [f32([1, 9])], attributes: { perm: [1, 0] } },
    { inputs: [f32([64, 33])], attributes: { perm: [1, 0] } },
    { inputs: [f32([2, 3, 5])], attributes: { perm: [2, 0, 1] } },
    { inputs: [f32([2, 3, 5, 7])], attributes: { perm: [0, 2, 1, 3] } },
    { inputs: [f32([2, 3, 5, 7])], attributes: { perm: [0, 1, 3, 2] } },
    { inputs: [f32([2, 0, 3])], attributes: { perm: [1, 0, 2] } },
  ],
  Reshape: [
    { inputs: [f32([6, 4])], attributes: { shape: [24] } },
    { inputs: [f32([6, 4])], attributes: { shape: [6, 2, 2] } },
    { inputs: [f32([2, 12])], attributes: { shape: [1, 3, 8] } },
    { inputs: [f32([1])], attributes: { shape: [] } },
  ],
  Concat: [
    { inputs: [f32([3, 4]), f32([3, 2])], attributes: { axis: 1 } },
    { inputs: [f32([3, 4]), f32([2, 4])], attributes: { axis: 0 } },
    { inputs: [f32([2, 3, 5]), f32([2, 1, 5]), f32([2, 4, 5])], attributes: { axis: 1 } },
    { inputs: [f32([1, 7])], attributes: { axis: 0 } },
    ...[2, 8, 17, 400].map((many) => ({ inputs: vectors(many), attributes: { axis: 0 } })),
  ],
  Slice: [
    { inputs: [f32([100_000])], attributes: { axis: 0, start: 7, end: 90_001 } },
    { inputs: [f32([6, 5])], attributes: { axis: 0, start: 1, end: 4 } },
    { inputs: [f32([6, 5])], attributes: { axis: 1, start: 1, end: 4 } },
    { inputs: [f32([2, 3, 8])], attributes: { axis: 2, start: 4, end: 8 } },
    { inputs: [f32([2, 6, 4])], attributes: { axis: 1, start: 0, end: 3 } },
  ],
  // WebGPU promises 8 storage buffers in a kernel: the input and 7 outputs.
  Split: [
    { inputs: [f32([6, 4])], attributes: { axis: 0, parts: 3 } },
    { inputs: [f32([4, 6])], attributes: { axis: 1, parts: 2 } },
    { inputs: [f32([2, 3, 8])], attributes: { axis: 2, parts: 2 } },
    { inputs: [f32([7, 2])], attributes: { axis: 0, parts: 7 } },
  ],
  Expand: [
    { inputs: [f32([1])], attributes: { shape: [5] } },
    { inputs: [f32([])], attributes: { shape: [3, 4] } },
    { inputs: [f32([3, 1])], attributes: { shape: [3, 4] } },
    { inputs: [f32([1, 1])], attributes: { shape: [7, 9] } },
  ],
  Gather: INDEX_TYPES.flatMap((type) =>
    GATHERS.map(([data, at]) => ({
      inputs: [f32(data), indices(type, at, data[0] ?? 1)],
      attributes: { axis: 0 as const },
    })),
  ),
  GatherElements: INDEX_TYPES.flatMap((type) =>
    ELEMENTS.map(([data, at, axis]) => ({
      inputs: [f32(data), indices(type, at, data[axis] ?? 1)],
      attributes: { axis },
    })),
  ),
  ScatterElements: scatterElements(),
  ScatterND: [
    { inputs: [f32([6, 4]), ints('i64', [3, 1], [5, 0, 2]), f32([3, 4])], attributes: NONE },
    { inputs: [f32([6, 4]), ints('i64', [3, 2], [5, 0, 2, 3, 0, 1]), f32([3])], attributes: NONE },
    {
      inputs: [f32([6, 64]), ints('i64', [9, 1], [5, 0, 5, 5, 2, 0, 0, 5, 5]), f32([9, 64])],
      attributes: { reduction: 'add' },
    },
  ],
  ReduceSum: reductions,
  ReduceMean: reductions,
  ReduceSumSquare: reductions,
  Softmax: [
    ...[
      [5, 7],
      [1, 1],
      [3, 49_152],
      [2, 3, 5, 33],
    ].map((shape) => ({
      inputs: [f32(shape, times(6))],
      attributes: { axis: -1 as const },
    })),
    { inputs: [masked], attributes: { axis: -1 } },
  ],
  SimplifiedLayerNormalization: NORM_SHAPES.map((shape) => ({
    inputs: [f32(shape), f32(shape.slice(-1))],
    attributes: { epsilon: 1e-5 },
  })),
  RotaryEmbedding: [rotary(1, 1, 8), rotary(5, 3, 16), rotary(33, 9, 64), rotary(7, 2, 128)],
};

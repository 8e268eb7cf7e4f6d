import type { OpType } from '../../../../src/engine/graph/types';
import { frozen, given, i32, i64, plain, positive, x, type OperatorCase } from './operatorCase';

export type OperatorCases = { readonly [K in OpType]: readonly OperatorCase<K>[] | 'not differentiable' };

const broadcasts = [
  plain('same shapes', [x(2, 3), x(2, 3)], {}),
  plain('a row', [x('N', 3), x(3)], {}),
  plain('a column', [x('N', 1), x('N', 3)], {}),
  plain('both ways', [x(2, 1, 3), x(4, 1)], {}),
  plain('a scalar', [x(), x('N', 2)], {}),
  plain('only the first', [x('N', 3), frozen(3)], {}),
  plain('only the second', [frozen('N', 3), x(3)], {}),
];

const quotients = [
  plain('same shapes', [x(2, 3), positive(2, 3)], {}),
  plain('a row', [x('N', 3), positive(3)], {}),
  plain('a scalar above', [x(), positive('N', 3)], {}),
  plain('only the divisor', [frozen('N', 3), positive(3)], {}),
];

const reductions = [
  plain('the last axis, kept', [x('N', 3)], { axes: [-1], keepdims: true }),
  plain('the last axis', [x('N', 3)], { axes: [1], keepdims: false }),
  plain('a symbolic axis', [x('N', 3)], { axes: [0], keepdims: false }),
  plain('two axes of a static shape', [x(2, 3, 2)], { axes: [0, -1], keepdims: false }),
  plain('all', [x('N', 3)], { axes: [0, 1], keepdims: false }),
];

/** Small graphs around every operator. One that can have no gradient says so; none may be left out. */
export const operatorCases: OperatorCases = {
  Add: broadcasts,
  Sub: broadcasts,
  Mul: [
    ...broadcasts,
    { what: 'a value by itself', operands: [x(4)], build: (g, [a], op) => g.addAll(op, [a, a], {}) },
  ],
  Div: quotients,
  Min: broadcasts,
  Max: broadcasts,
  Neg: [plain('any', [x('N', 2)], {})],
  Exp: [plain('any', [x('N', 2)], {})],
  Log: [plain('any', [positive('N', 2)], {})],
  Sqrt: [plain('any', [positive('N', 2)], {})],
  Reciprocal: [plain('any', [positive('N', 2)], {})],
  Sigmoid: [plain('any', [x('N', 2)], {})],
  QuickGelu: [plain('SiLU', [x('N', 3)], { alpha: 1 }), plain('alpha', [x('N', 3)], { alpha: 1.702 })],
  Cast: [
    {
      what: 'to f64 and on',
      operands: [x('N', 2)],
      build: (g, [a], op) => {
        const wide = g.add(op, [a], { to: 'f64' });
        return [g.add('Mul', [wide, wide], {})];
      },
    },
  ],
  Identity: [plain('any', [x('N', 2)], {})],
  Gemm: [
    ...[false, true].flatMap((transA) =>
      [false, true].map((transB) =>
        plain(
          `transA ${transA}, transB ${transB}`,
          [transA ? x(4, 3) : x(3, 4), transB ? x(2, 4) : x(4, 2)],
          { transA, transB, alpha: 0.7 },
        ),
      ),
    ),
    plain('a bias', [x('N', 4), x(3, 4), x(3)], { transB: true }),
    plain('a bias times beta', [x('N', 4), x(3, 4), x(3)], { transB: true, alpha: 2, beta: 0.5 }),
    plain('a whole third term', [x('N', 4), x(4, 3), x('N', 3)], { beta: -1 }),
    plain('a column as third term', [x('N', 4), x(4, 3), x('N', 1)], {}),
    plain('frozen weight and bias', [x('N', 4), frozen(4, 3), frozen(3)], {}),
    plain('only the weight', [frozen('N', 4), x(4, 3)], {}),
    plain('only the third term', [frozen('N', 4), frozen(4, 3), x(3)], { beta: 3 }),
  ],
  MatMul: [
    plain('two axes', [x('N', 4), x(4, 3)], {}),
    plain('a batch', [x('B', 'L', 4), x('B', 4, 3)], {}),
    plain('a batch by one matrix', [x('B', 'L', 4), x(4, 3)], {}),
    plain('a batch by one matrix of symbolic size', [x('B', 4, 'L'), x('L', 3)], {}),
    plain('one matrix by a batch', [x('L', 4), x('B', 4, 3)], {}),
    plain('broadcast batches', [x('B', 1, 'L', 4), x(2, 4, 3)], {}),
    plain('only the second', [frozen('B', 'L', 4), x('B', 4, 3)], {}),
    {
      what: 'the second transposed',
      operands: [x('B', 'L', 4), x('B', 3, 4)],
      build: (g, [a, b], op) => g.addAll(op, [a, g.add('Transpose', [b], { perm: [0, 2, 1] })], {}),
    },
    {
      what: 'the first transposed, of two axes',
      operands: [x(4, 'N'), x(4, 3)],
      build: (g, [a, b], op) => g.addAll(op, [g.add('Transpose', [a], { perm: [1, 0] }), b], {}),
    },
    {
      what: 'attention',
      operands: [x('B', 2, 'L', 4), x('B', 2, 'L', 4), x('B', 2, 'L', 3), frozen('B', 1, 1, 'L')],
      build: (g, [q, k, v, bias], op) => {
        const scores = g.add('MatMul', [q, g.add('Transpose', [k], { perm: [0, 1, 3, 2] })], {});
        const p = g.add('Softmax', [g.add('Add', [scores, bias], {})], { axis: -1 });
        return g.addAll(op, [p, v], {});
      },
    },
  ],
  FusedMatMul: [
    ...[false, true].flatMap((transA) =>
      [false, true].map((transB) =>
        plain(
          `transA ${transA}, transB ${transB}`,
          [transA ? x('B', 4, 'L') : x('B', 'L', 4), transB ? x('B', 2, 4) : x('B', 4, 2)],
          { transA, transB, alpha: -0.5 },
        ),
      ),
    ),
    plain('broadcast batches', [x('B', 1, 'L', 4), x(2, 3, 4)], { transB: true }),
  ],
  Transpose: [
    plain('two axes', [x('N', 3)], { perm: [1, 0] }),
    plain('a turn of four', [x(2, 'N', 3, 2)], { perm: [3, 0, 2, 1] }),
  ],
  Reshape: [
    plain('split an axis', [x('N', 6)], { shape: ['N', 2, 3] }),
    plain('join axes', [x('B', 4, 3)], { shape: [-1, 3] }),
  ],
  Concat: [
    plain('parts of different size', [x('N', 2), x('N', 1), frozen('N', 2), x('N', 3)], { axis: 1 }),
    plain('equal parts of symbolic size', [x('N', 2), frozen('N', 2), x('N', 2)], { axis: 0 }),
    plain('equal parts, one needed', [frozen(3), x(3), frozen(3)], { axis: 0 }),
    plain('one part', [x('N', 2)], { axis: -1 }),
  ],
  Slice: [
    plain('the middle', [x('N', 5)], { axis: -1, start: 1, end: 3 }),
    plain('the beginning of three axes', [x('B', 4, 'L')], { axis: 1, start: 0, end: 1 }),
    plain('the end of a static shape', [x(6)], { axis: 0, start: 4, end: 6 }),
    plain('all of it', [x('N', 2)], { axis: 1, start: 0, end: 2 }),
  ],
  Split: [
    plain('all parts', [x('N', 6)], { axis: 1, parts: 3 }),
    {
      what: 'one part of a symbolic axis',
      operands: [x('4*K', 2)],
      build: (g, [a], op) => g.addAll(op, [a], { axis: 0, parts: 4 }).slice(1, 2),
    },
    {
      what: 'one part of a static axis',
      operands: [x(4, 2)],
      build: (g, [a], op) => g.addAll(op, [a], { axis: 0, parts: 2 }).slice(1),
    },
  ],
  Expand: [
    plain('a new axis and a repeated one', [x(3, 1)], { shape: [2, 3, 4] }),
    plain('a scalar', [x()], { shape: [2, 2] }),
  ],
  Gather: [
    plain('rows, some twice', [x(4, 3), i64(['N'], [2, 0, 2, 2, 1])], { axis: 0 }),
    plain('rows by i32', [x(4, 3), i32([3], [3, 3, 0])], { axis: 0 }),
    plain('a grid of rows of a symbolic table', [x('N', 2), i64(['B', 'L'], [4, 0, 1, 1, 4, 2])], {
      axis: 0,
    }),
    plain('single numbers', [x(4), i64([3], [3, 3, 0])], { axis: 0 }),
    {
      what: 'one to one, by its adjoint',
      operands: [x('N', 2), i64(['N'], [3, 0, 4, 1, 2]), i64(['N'], [1, 3, 4, 0, 2])],
      build: (g, [data, indices, back], op) => {
        if (back === undefined) throw new Error('no adjoint');
        return g.addAll(op, [data, indices], { axis: 0 }, { adjoint: { indices: back } });
      },
    },
    {
      // Row 4 goes nowhere and is masked; the second place of the second row of the grid is padding, which the mask
      // of what follows keeps out of the loss.
      what: 'one to one into a padded grid, by its adjoint and mask',
      operands: [
        x('N', 2),
        i64(['B', 'L'], [2, 0, 1, 3, 0, 0]),
        i64(['N'], [1, 2, 0, 3, 5]),
        given(['N', 1], [1, 1, 1, 1, 0]),
        given(['B', 'L', 1], [1, 1, 1, 1, 0, 0]),
      ],
      build: (g, [data, indices, back, mask, padding], op) => {
        if (back === undefined) throw new Error('no adjoint');
        const grid = g.add(op, [data, indices], { axis: 0 }, { adjoint: { indices: back, mask } });
        return [g.add('Mul', [grid, padding], {})];
      },
    },
    {
      what: 'one to one out of a table of more axes',
      operands: [x('2*K', 2), i64(['K', 2], [3, 1, 0, 2]), i64(['2*K'], [2, 1, 3, 0])],
      build: (g, [data, indices, back], op) => {
        if (back === undefined) throw new Error('no adjoint');
        return g.addAll(op, [data, indices], { axis: 0 }, { adjoint: { indices: back } });
      },
    },
  ],
  GatherElements: [
    plain('one of each row', [x('N', 4), i32(['N', 1], [3, 0, 0, 2, 1])], { axis: 1 }),
    plain('the same twice', [x(3, 2), i64([2, 2], [1, 0, 1, 2])], { axis: 0 }),
  ],
  ScatterElements: [
    plain('replaced', [x('N', 4), i32(['N', 1], [3, 0, 0, 2, 1]), x('N', 1)], { axis: 1 }),
    plain('added, some twice', [x(3, 2), i64([2, 2], [1, 0, 1, 2]), x(2, 2)], { axis: 0, reduction: 'add' }),
    plain('into frozen', [frozen('N', 4), i32(['N', 1], [3, 0, 0, 2, 1]), x('N', 1)], { axis: 1 }),
    plain('of frozen', [x('N', 4), i32(['N', 1], [3, 0, 0, 2, 1]), frozen('N', 1)], { axis: 1 }),
  ],
  ScatterND: [
    plain('rows replaced', [x('N', 3), i64([2, 1], [4, 1]), x(2, 3)], {}),
    plain('rows added, one twice', [x('N', 3), i64([3, 1], [4, 1, 4]), x(3, 3)], { reduction: 'add' }),
    plain('single elements, updates frozen', [x(3, 2), i64([2, 2], [0, 1, 2, 0]), frozen(2)], {}),
  ],
  ReduceSum: reductions,
  ReduceMean: reductions,
  ReduceSumSquare: reductions,
  Softmax: [
    plain('rows', [x('N', 4)], { axis: -1 }),
    {
      what: 'read by one product',
      operands: [x('B', 'L', 4), x('B', 4, 3)],
      build: (g, [a, v], op) => [g.add('MatMul', [g.add(op, [a], { axis: -1 }), v], {})],
    },
    {
      what: 'read by one fused product',
      operands: [x('B', 'L', 4), x('B', 3, 4)],
      build: (g, [a, v], op) => {
        const p = g.add(op, [a], { axis: -1 });
        return [g.add('FusedMatMul', [p, v], { transB: true, alpha: 2 })];
      },
    },
    {
      what: 'read by a fused product that transposes it',
      operands: [x('B', 4, 'L'), x('B', 4, 3)],
      build: (g, [a, v], op) => {
        const p = g.add(op, [a], { axis: -1 });
        return [g.add('FusedMatMul', [p, v], { transA: true })];
      },
    },
    {
      what: 'on the right of a product',
      operands: [x('B', 'L', 4), x('B', 3, 'L')],
      build: (g, [a, v], op) => [g.add('MatMul', [v, g.add(op, [a], { axis: -1 })], {})],
    },
    {
      what: 'read by a product that broadcasts it',
      operands: [x('L', 4), x('B', 4, 3)],
      build: (g, [a, v], op) => [g.add('MatMul', [g.add(op, [a], { axis: -1 }), v], {})],
    },
    {
      what: 'read twice',
      operands: [x('B', 'L', 4), x('B', 4, 3)],
      build: (g, [a, v], op) => {
        const p = g.add(op, [a], { axis: -1 });
        return [g.add('MatMul', [p, v], {}), p];
      },
    },
    {
      what: 'twice in one product',
      operands: [x(3, 3)],
      build: (g, [a], op) => {
        const p = g.add(op, [a], { axis: -1 });
        return [g.add('MatMul', [p, p], {})];
      },
    },
  ],
  LogSoftmax: [plain('rows', [x('B', 'L', 4)], { axis: -1 })],
  SimplifiedLayerNormalization: [
    plain('frozen scale', [x('N', 4), frozen(4)], { epsilon: 0.1 }),
    plain('trained scale', [x('B', 'L', 4), x(4)], { epsilon: 1e-5 }),
    plain('only the scale', [frozen('N', 4), x(4)], { epsilon: 1e-5 }),
  ],
  RotaryEmbedding: [
    plain('two heads', [x('N', 1, 8), i64(['N', 1], [0, 1, 2, 0, 1]), frozen(3, 2), frozen(3, 2)], {
      headDim: 4,
    }),
  ],
  SwiGLU: [
    plain('both', [x('N', 4), x('N', 4)], {}),
    plain('only the gate', [x('N', 4), frozen('N', 4)], {}),
    plain('only what it gates', [frozen('N', 4), x('N', 4)], {}),
  ],
  LinearCrossEntropy: [
    {
      what: 'as the loss, hidden and weight',
      operands: [x('N', 3), x(4, 3), i32(['N'], [3, 0, 1, 1, 2]), given(['N'], [0.5, 1, 0.25, 0, 2])],
      build: (g, inputs, op) => g.addAll(op, inputs, { chunks: 1, withWeightGradient: true }).slice(0, 1),
    },
    {
      what: 'in a larger loss',
      operands: [x('N', 3), frozen(4, 3), i32(['N'], [3, 0, 1, 1, 2]), given(['N'], [0.5, 1, 0.25, 0, 2])],
      build: (g, inputs, op) => {
        const loss = g.add(op, inputs, { chunks: 1, withWeightGradient: false });
        return [g.add('Mul', [loss, loss], {})];
      },
    },
  ],
};

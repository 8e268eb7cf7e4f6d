import { describe, expect, it } from 'vitest';
import { GraphError } from '../../../../../src/base/errors';
import { formatShape, type Shape } from '../../../../../src/engine/graph/dims';
import { inferOutputs, operators } from '../../../../../src/engine/graph/ops/registry';
import type { DType, OpAttributes, OpType, Value } from '../../../../../src/engine/graph/types';

/** `f32[N, 4]` as a value. */
function value(type: string, id: number): Value {
  const [, dtype, dims] = /^(\w+)\[(.*)\]$/.exec(type) ?? [];
  const shape: Shape = (dims ?? '')
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map((dim) => (/^\d+$/.test(dim) ? Number(dim) : dim));
  return { id, name: `v${id}`, dtype: dtype as DType, shape };
}

interface Case {
  readonly op: OpType;
  readonly run: () => string;
  readonly expected: string | RegExp;
}

/** One line of the table: operator, inputs, attributes, and the outputs' types or the error's text. */
function given<K extends OpType>(
  op: K,
  inputs: readonly string[],
  attributes: OpAttributes[K],
  expected: string | RegExp,
): Case {
  const run = (): string =>
    inferOutputs(
      op,
      inputs.map((type, i) => (type === '' ? undefined : value(type, i))),
      attributes,
    )
      .map(({ dtype, shape }) => `${dtype}${formatShape(shape)}`)
      .join(' ');
  return { op, run, expected };
}

const axes = { axes: [-1], keepdims: true };
const cases: readonly Case[] = [
  given('Add', ['f32[N, 4]', 'f32[4]'], {}, 'f32[N, 4]'),
  given(
    'Add',
    ['f32[N, 4]', 'f32[3]'],
    {},
    /Add: \[N, 4\] and \[3\] do not broadcast; got v0 f32\[N, 4\], v1 f32\[3\]/,
  ),
  given('Sub', ['f32[N, 1]', 'f32[1, L]'], {}, 'f32[N, L]'),
  given('Sub', ['f32[N]', 'f64[N]'], {}, /Sub: a and b differ in type: f32 and f64/),
  given('Mul', ['i64[2]', 'i64[]'], {}, 'i64[2]'),
  given('Mul', ['bool[2]', 'bool[2]'], {}, /Mul: a is bool/),
  given('Div', ['f32[N]', 'f32[1]'], {}, 'f32[N]'),
  given('Div', ['f32[N]'], {}, /Div has 1 inputs; got v0 f32\[N\]; expected 2/),
  given('Min', ['f32[B, 1]', 'f32[B, L]'], {}, 'f32[B, L]'),
  given('Min', ['f32[B]', 'f32[B]', 'f32[B]'], {}, /Min has 3 inputs/),
  given('Max', ['f32[2]', 'f32[2]'], {}, 'f32[2]'),
  given('Max', ['f32[2]', ''], {}, /Max: input 1 \(b\) is missing; got v0 f32\[2\], nothing/),
  given('Neg', ['i32[3]'], {}, 'i32[3]'),
  given('Neg', ['bool[3]'], {}, /Neg: x is bool/),
  given('Exp', ['f32[N]'], {}, 'f32[N]'),
  given('Exp', ['i64[N]'], {}, /Exp: x is i64/),
  given('Log', ['f64[N]'], {}, 'f64[N]'),
  given('Log', [], {}, /Log has 0 inputs; got no inputs; expected 1/),
  given('Sqrt', ['f32[]'], {}, 'f32[]'),
  given('Sqrt', ['i32[]'], {}, /Sqrt: x is i32/),
  given('Reciprocal', ['f32[N, 1]'], {}, 'f32[N, 1]'),
  given('Reciprocal', ['i32[1]'], {}, /Reciprocal: x is i32/),
  given('Sigmoid', ['f32[N]'], {}, 'f32[N]'),
  given('Sigmoid', ['i32[1]'], {}, /Sigmoid: x is i32/),
  given('QuickGelu', ['f32[N, 8]'], { alpha: 1 }, 'f32[N, 8]'),
  given('SwiGLU', ['f32[N, 8]', 'f32[N, 8]'], {}, 'f32[N, 8]'),
  given('SwiGLU', ['f32[N, 8]', 'f32[N, 4]'], {}, /SwiGLU: up/),
  given('QuickGelu', ['i32[1]'], { alpha: 1 }, /QuickGelu: x is i32/),
  given('Cast', ['i64[N]'], { to: 'f32' }, 'f32[N]'),
  given('Cast', [''], { to: 'f32' }, /Cast: input 0 \(x\) is missing/),
  given('Identity', ['bool[N]'], {}, 'bool[N]'),
  given('Identity', [], {}, /Identity has 0 inputs/),
  given('Gemm', ['f32[N, 4]', 'f32[3, 4]'], { transB: true }, 'f32[N, 3]'),
  given('Gemm', ['f32[N, 4]', 'f32[N, 3]', 'f32[3]'], { transA: true }, 'f32[4, 3]'),
  given('Gemm', ['f32[N, 4]', 'f32[3, 4]'], {}, /Gemm: inner dimensions 4 and 3 differ/),
  given('Gemm', ['f32[2, N, 4]', 'f32[4, 3]'], {}, /Gemm: a has 3 axes/),
  given('Gemm', ['f32[1, 4]', 'f32[4, 3]', 'f32[N, 3]'], {}, /Gemm: c of shape \[N, 3\] does not broadcast/),
  given('Gemm', ['f32[N, 4]', 'f32[4, 3]', 'f64[3]'], {}, /Gemm: c is f64/),
  given('MatMul', ['f32[B, 2, L, 8]', 'f32[B, 1, 8, L]'], {}, 'f32[B, 2, L, L]'),
  given('MatMul', ['f32[N]', 'f32[N, 2]'], {}, /MatMul: a has 1 axes/),
  given('MatMul', ['f32[B, L, 8]', 'f32[2, 8, L]'], {}, /MatMul: \[B\] and \[2\] do not broadcast/),
  given('FusedMatMul', ['f32[B, L, 8]', 'f32[B, L, 8]'], { transB: true, alpha: 0.5 }, 'f32[B, L, L]'),
  given('FusedMatMul', ['f32[B, L, 8]', 'f32[B, L, 8]'], {}, /FusedMatMul: inner dimensions 8 and L differ/),
  given('Transpose', ['f32[B, L, 8]'], { perm: [0, 2, 1] }, 'f32[B, 8, L]'),
  given(
    'Transpose',
    ['f32[B, L]'],
    { perm: [0, 0] },
    /Transpose: perm \[0, 0\] is no permutation; .*expected of 0 to 1/,
  ),
  given('Reshape', ['f32[N, 8]'], { shape: ['N', 2, 4] }, 'f32[N, 2, 4]'),
  given('Reshape', ['f32[N, 8]'], { shape: [-1, 4] }, 'f32[2*N, 4]'),
  given('Reshape', ['f32[B, L, 8]'], { shape: ['L*B', 8] }, 'f32[B*L, 8]'),
  given('Reshape', ['f32[]'], { shape: [1, 1] }, 'f32[1, 1]'),
  given(
    'Reshape',
    ['f32[N, 8]'],
    { shape: ['N', 4] },
    /Reshape: shape \[N, 4\] has 4\*N elements; .*expected 8\*N/,
  ),
  given(
    'Reshape',
    ['f32[N, 8]'],
    { shape: ['L', -1] },
    /Reshape: 8\*N elements cannot be shaped to \[L, -1\]/,
  ),
  given('Reshape', ['f32[N, 8]'], { shape: [-1, -1] }, /more than one -1/),
  given('Reshape', ['f32[N, 8]'], { shape: [0, 8] }, /has the dimension 0/),
  given('Concat', ['f32[K, 2]', 'f32[K, 2]'], { axis: 0 }, 'f32[2*K, 2]'),
  given('Concat', ['f32[N, 2]', 'f32[N, 3]', 'f32[N, 1]'], { axis: -1 }, 'f32[N, 6]'),
  given(
    'Concat',
    ['f32[N, 2]', 'f32[M, 2]'],
    { axis: 1 },
    /Concat: x0 and x1 differ on an axis that is not joined/,
  ),
  given(
    'Concat',
    ['f32[N]', 'f32[4]'],
    { axis: 0 },
    /Concat: the lengths N \+ 4 have no common symbolic form/,
  ),
  given('Slice', ['f32[N, 8]'], { axis: 1, start: 2, end: 5 }, 'f32[N, 3]'),
  given(
    'Slice',
    ['f32[N, 8]'],
    { axis: 1, start: 2, end: 9 },
    /Slice: slice 2 to 9 does not fit axis 1 of length 8/,
  ),
  given('Slice', ['f32[N, 8]'], { axis: 0, start: 0, end: 1 }, /Slice: axis 0 has the symbolic length N/),
  given(
    'Slice',
    ['f32[8]'],
    { axis: 1, start: 0, end: 1 },
    /Slice: axis 1 is not an axis of 1; .*expected -1 to 0/,
  ),
  given('Split', ['f32[4*K, 2]'], { axis: 0, parts: 2 }, 'f32[2*K, 2] f32[2*K, 2]'),
  given('Split', ['f32[N, 6]'], { axis: -1, parts: 3 }, 'f32[N, 2] f32[N, 2] f32[N, 2]'),
  given('Split', ['f32[N, 6]'], { axis: 0, parts: 2 }, /Split: axis 0 of length N has no 2 equal parts/),
  given('Expand', ['f32[1, 4]'], { shape: [3, 4] }, 'f32[3, 4]'),
  given('Expand', ['f32[2, 4]'], { shape: [3, 4] }, /Expand: \[2, 4\] and \[3, 4\] do not broadcast/),
  given('Expand', ['f32[1]'], { shape: ['N'] }, /Expand: target shape \[N\] has N/),
  given('Gather', ['f32[V, 8]', 'i64[B, L]'], { axis: 0 }, 'f32[B, L, 8]'),
  given('Gather', ['f32[N]', 'i32[]'], { axis: 0 }, 'f32[]'),
  given('Gather', ['f32[V, 8]', 'f32[N]'], { axis: 0 }, /Gather: indices is f32; .*expected i64 or i32/),
  given('GatherElements', ['f32[S, 9]', 'i64[S, 1]'], { axis: -1 }, 'f32[S, 1]'),
  given(
    'GatherElements',
    ['f32[S, 9]', 'i64[T, 1]'],
    { axis: 1 },
    /GatherElements: indices of shape \[T, 1\]/,
  ),
  given('ScatterElements', ['f32[S, 9]', 'i64[S, 1]', 'f32[S, 1]'], { axis: 1 }, 'f32[S, 9]'),
  given(
    'ScatterElements',
    ['f32[S, 9]', 'i64[S, 1]', 'f32[S]'],
    { axis: 1 },
    /ScatterElements: updates has shape \[S\]/,
  ),
  given('ScatterND', ['f32[N, 9, 2]', 'i64[S, 2]', 'f32[S, 2]'], {}, 'f32[N, 9, 2]'),
  given(
    'ScatterND',
    ['f32[N, 9]', 'i64[S, 3]', 'f32[S]'],
    {},
    /ScatterND: the last axis of indices has length 3/,
  ),
  given(
    'ScatterND',
    ['f32[N, 9]', 'i64[S, 1]', 'f32[S]'],
    {},
    /ScatterND: updates has shape \[S\]; .*expected \[S, 9\]/,
  ),
  given('ReduceSum', ['f32[N, 4]'], axes, 'f32[N, 1]'),
  given('ReduceSum', ['f32[N, 4]'], { axes: [0, 1], keepdims: false }, 'f32[]'),
  given(
    'ReduceSum',
    ['f32[N, 4]'],
    { axes: [1, -1], keepdims: false },
    /ReduceSum: axes \[1, -1\] are empty or name one twice/,
  ),
  given('ReduceMean', ['f32[N, 4]'], axes, 'f32[N, 1]'),
  given('ReduceMean', ['i64[N, 4]'], axes, /ReduceMean: x is i64/),
  given('ReduceSumSquare', ['f32[N, 4]'], { axes: [0], keepdims: false }, 'f32[4]'),
  given('ReduceSumSquare', ['f32[N, 4]'], { axes: [], keepdims: false }, /ReduceSumSquare: axes \[\]/),
  given('Softmax', ['f32[B, L, L]'], { axis: -1 }, 'f32[B, L, L]'),
  given('Softmax', ['i64[B]'], { axis: -1 }, /Softmax: x is i64/),
  given('LogSoftmax', ['f32[S, V]'], { axis: -1 }, 'f32[S, V]'),
  given('LogSoftmax', ['i64[B]'], { axis: -1 }, /LogSoftmax: x is i64/),
  given('SimplifiedLayerNormalization', ['f32[N, 8]', 'f32[8]'], { epsilon: 1e-5 }, 'f32[N, 8]'),
  given(
    'SimplifiedLayerNormalization',
    ['f32[N, 8]', 'f32[4]'],
    { epsilon: 1e-5 },
    /scale has shape \[4\]; .*expected \[8\]/,
  ),
  given(
    'RotaryEmbedding',
    ['f32[N, 1, 8]', 'i64[N, 1]', 'f32[P, 2]', 'f32[P, 2]'],
    { headDim: 4 },
    'f32[N, 1, 8]',
  ),
  given(
    'RotaryEmbedding',
    ['f32[1, N, 8]', 'i64[1, N]', 'f32[P, 2]', 'f32[P, 2]'],
    { headDim: 4 },
    'f32[1, N, 8]',
  ),
  given(
    'RotaryEmbedding',
    ['f32[1, N, 8]', 'i64[N]', 'f32[P, 2]', 'f32[P, 2]'],
    { headDim: 4 },
    /position_ids has shape \[N\]/,
  ),
  given(
    'RotaryEmbedding',
    ['f32[1, N, 8]', 'i64[1, N]', 'f32[P, 4]', 'f32[P, 4]'],
    { headDim: 4 },
    /cos_cache has shape \[P, 4\]/,
  ),
  given(
    'RotaryEmbedding',
    ['f32[1, N, 8]', 'i64[1, N]', 'f32[P, 3]', 'f32[P, 3]'],
    { headDim: 6 },
    /no whole number of heads of 6/,
  ),
  given(
    'LinearCrossEntropy',
    ['f32[4*K, 8]', 'f32[99, 8]', 'i32[4*K]', 'f32[4*K]'],
    { chunks: 4, withWeightGradient: true },
    'f32[] f32[4*K, 8] f32[99, 8]',
  ),
  given(
    'LinearCrossEntropy',
    ['f32[S, 8]', 'f32[99, 8]', 'i32[S]', 'f32[S]'],
    { chunks: 1, withWeightGradient: false },
    'f32[] f32[S, 8]',
  ),
  given(
    'LinearCrossEntropy',
    ['f32[S, 8]', 'f32[99, 8]', 'i32[S]', 'f32[S]'],
    { chunks: 2, withWeightGradient: false },
    /S positions have no 2 equal chunks/,
  ),
];

describe('shape and type rules', () => {
  for (const { op, run, expected } of cases) {
    if (typeof expected === 'string') {
      it(`${op} gives ${expected}`, () => expect(run()).toBe(expected));
    } else {
      it(`${op} refuses: ${expected.source}`, () => {
        expect(run).toThrow(GraphError);
        expect(run).toThrow(expected);
      });
    }
  }

  it('has a right and a wrong case for every operator', () => {
    for (const op of Object.keys(operators)) {
      const kinds = new Set(cases.filter((each) => each.op === op).map((each) => typeof each.expected));
      expect([op, kinds.size]).toEqual([op, 2]);
    }
  });
});

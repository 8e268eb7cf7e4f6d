import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { Graph } from '../../../../../src/engine/graph/graph';
import { eliminateDead } from '../../../../../src/engine/graph/passes/eliminateDead';
import { fuseAddIntoGemm } from '../../../../../src/engine/graph/passes/fuseAddIntoGemm';
import { fuseTransposeIntoMatMul } from '../../../../../src/engine/graph/passes/fuseTransposeIntoMatMul';
import { expectUnchanged, trainingGraph } from './training';

const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);
const count = (graph: Graph, op: string): number => ops(graph).filter((each) => each === op).length;

describe('eliminateDead', () => {
  it('drops nodes and initializers that lead to no output', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const unused = b.mul(g, x, g.scalar(3));
    b.add(g, unused, g.scalar(4));
    g.output(b.mul(g, x, g.scalar(2)));
    expectUnchanged(g, eliminateDead);
    expect(ops(g)).toEqual(['Mul']);
    expect([...g.initializers.keys()].map(({ name }) => name)).toEqual(['c_2']);
  });

  it('keeps what the gradient of a gather will read until the graph is differentiated', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const back = g.constant('back', { dtype: 'i32', shape: [1], data: Int32Array.of(0) });
    const rows = b.gather(g, x, g.input('rows', 'i32', ['M']), { indices: back });
    g.output(rows);
    eliminateDead(g);
    expect(g.initializers.has(back)).toBe(true);
    g.output(g.staged('backward', () => b.mul(g, rows, rows)));
    g.setNodes(g.nodes.map((node) => ({ ...node, adjoint: undefined })));
    eliminateDead(g);
    expect(g.initializers.has(back)).toBe(false);
  });
});

describe('fuseAddIntoGemm', () => {
  it('makes a sum of products one chain, whatever the order of its operands', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const y = g.input('y', 'f32', ['N', 3]);
    const [p, q, r] = ['a', 'b', 'c'].map((name) => b.gemm(g, x, g.input(name, 'f32', [2, 3])));
    if (p === undefined || q === undefined || r === undefined) throw new Error('three products');
    g.output(b.add(g, b.add(g, r, b.add(g, p, q)), y));
    expectUnchanged(g, fuseAddIntoGemm);
    expect(ops(g)).toEqual(['Gemm', 'Gemm', 'Gemm']);
  });

  it('takes an added row, and what is computed after the product', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const product = b.gemm(g, x, g.input('a', 'f32', [2, 3]));
    const row = b.mul(g, g.input('row', 'f32', [3]), g.scalar(2));
    g.output(b.add(g, row, product));
    expectUnchanged(g, fuseAddIntoGemm);
    expect(ops(g)).toEqual(['Mul', 'Gemm']);
  });

  it('leaves a product alone that others read, that is given back, or that the sum would widen', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const product = (name: string) => b.gemm(g, x, g.input(name, 'f32', [2, 1]));
    const shared = product('a');
    const given = product('b');
    g.output(b.mul(g, b.add(g, shared, x), shared));
    g.output(given);
    g.output(b.add(g, given, given));
    g.output(b.add(g, product('c'), x));
    const before = ops(g);
    expectUnchanged(g, fuseAddIntoGemm);
    expect(ops(g)).toEqual(before);
  });

  it('leaves no sum of matrices in a training graph but those of nothing but norms', () => {
    const g = trainingGraph();
    const before = count(g, 'Add');
    expectUnchanged(g, fuseAddIntoGemm);
    // Left: the epsilon of each norm, the mask on the scores, the gradients that meet at a norm, the accumulator.
    expect(before - count(g, 'Add')).toBeGreaterThan(3 * 7);
    for (const node of g.nodes) {
      if (node.op !== 'Add') continue;
      const fromGemm = node.inputs.filter((input) => input !== undefined && g.producer(input)?.op === 'Gemm');
      expect(fromGemm).toEqual([]);
    }
  });
});

describe('fuseTransposeIntoMatMul', () => {
  it('reads transposed operands directly and takes a constant factor', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['B', 3, 4]);
    const y = g.input('y', 'f32', ['B', 5, 4]);
    const turned = b.transpose(g, y, [0, 2, 1]);
    g.output(b.mul(g, g.scalar(0.5), b.matmul(g, x, turned)));
    g.output(b.matmul(g, b.transpose(g, b.transpose(g, x, [0, 2, 1]), [0, 2, 1]), turned));
    expectUnchanged(g, fuseTransposeIntoMatMul);
    expect(ops(g)).toEqual(['FusedMatMul', 'Transpose', 'FusedMatMul']);
    expect(g.nodes[0]?.attributes).toEqual({ transA: false, transB: true, alpha: 0.5 });
  });

  it('computes the transpose of a product directly', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['B', 3, 4]);
    const y = g.input('y', 'f32', ['B', 5, 4]);
    const product = b.matmul(g, x, b.transpose(g, y, [0, 2, 1]));
    g.output(b.transpose(g, product, [0, 2, 1]));
    expectUnchanged(g, fuseTransposeIntoMatMul);
    expect(g.nodes.map(({ op, inputs }) => [op, ...inputs])).toEqual([['FusedMatMul', y, x]]);
  });

  it('keeps a transpose that others read, and one of other axes', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [3, 3, 3]);
    const turned = b.transpose(g, x, [0, 2, 1]);
    g.output(b.matmul(g, turned, b.transpose(g, x, [1, 0, 2])));
    g.output(turned);
    expectUnchanged(g, fuseTransposeIntoMatMul);
    expect(ops(g)).toEqual(['Transpose', 'Transpose', 'FusedMatMul']);
  });

  it('leaves no transpose in the attention of a training graph', () => {
    const g = trainingGraph();
    expectUnchanged(g, fuseTransposeIntoMatMul);
    expect(count(g, 'Transpose')).toBe(0);
  });
});

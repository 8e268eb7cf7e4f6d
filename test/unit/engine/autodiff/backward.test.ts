import { describe, expect, it } from 'vitest';
import { backward } from '../../../../src/engine/autodiff/backward';
import { checkGraph } from '../../../../src/engine/graph/check';
import { Graph } from '../../../../src/engine/graph/graph';
import { printGraph } from '../../../../src/engine/graph/print';
import type { Value } from '../../../../src/engine/graph/types';
import { interpret } from '../../../support/interpreter/interpret';

function lines(graph: Graph): string[] {
  return printGraph(graph)
    .split('\n')
    .filter((line) => line.includes('# backward'));
}

function sum(graph: Graph, x: Value): Value {
  return graph.add('ReduceSum', [x], { axes: x.shape.map((_, i) => i), keepdims: false }, { name: 'loss' });
}

/** Three frozen layers with a trained low-rank term in the middle one, and the cross-entropy of the last. */
function adaptedModel(): { graph: Graph; loss: Value; a: Value; b: Value } {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['N', 4]);
  const weight = (name: string): Value =>
    graph.external(name, 'f32', [4, 4], { file: 'w', offset: 0, length: 64 });
  const a = graph.input('a', 'f32', [2, 4]);
  const b = graph.input('b', 'f32', [4, 2]);
  const layer = (i: number, input: Value, term?: (base: Value) => Value): Value =>
    graph.scoped(`layers.${i}`, () => {
      const base = graph.add('Gemm', [input, weight(`w${i}`)], { transB: true }, { name: `base${i}` });
      return graph.add(
        'QuickGelu',
        [term === undefined ? base : term(base)],
        { alpha: 1 },
        { name: `y${i}` },
      );
    });
  const y0 = layer(0, x);
  const y1 = layer(1, y0, (base) => {
    const h = graph.add('Gemm', [y0, a], { transB: true }, { name: 'h' });
    return graph.add('Gemm', [h, b, base], { transB: true }, { name: 'adapted' });
  });
  const y2 = layer(2, y1);
  const labels = graph.input('labels', 'i32', ['N']);
  const weights = graph.input('weights', 'f32', ['N']);
  const loss = graph.add(
    'LinearCrossEntropy',
    [y2, weight('head'), labels, weights],
    { chunks: 1, withWeightGradient: false },
    { name: 'loss' },
  );
  return { graph, loss, a, b };
}

describe('backward', () => {
  it('builds only what lies between the trained values and the loss', () => {
    const { graph, loss, a, b } = adaptedModel();
    const gradients = backward(graph, { loss, wrt: [a, b] });
    expect(gradients.get(a)?.shape).toEqual([2, 4]);
    expect(gradients.get(b)?.shape).toEqual([4, 2]);
    const c1 = 'c_1~1';
    expect(lines(graph)).toEqual([
      'Sigmoid f32[N, 4] = Sigmoid(base2) # backward layers.2',
      'Sub f32[N, 4] = Sub(base2, y2) # backward layers.2',
      `Add f32[N, 4] = Add(Sub, ${c1}) # backward layers.2`,
      'Mul f32[N, 4] = Mul(Sigmoid, Add) # backward layers.2',
      'Mul~1 f32[N, 4] = Mul(loss_1, Mul) # backward layers.2',
      'Gemm f32[N, 4] = Gemm(Mul~1, w2) # backward layers.2',
      'Sigmoid~1 f32[N, 4] = Sigmoid(adapted) # backward layers.1',
      'Sub~1 f32[N, 4] = Sub(adapted, y1) # backward layers.1',
      `Add~1 f32[N, 4] = Add(Sub~1, ${c1}) # backward layers.1`,
      'Mul~2 f32[N, 4] = Mul(Sigmoid~1, Add~1) # backward layers.1',
      'Mul~3 f32[N, 4] = Mul(Gemm, Mul~2) # backward layers.1',
      'Gemm~1 f32[N, 2] = Gemm(Mul~3, b) # backward layers.1',
      'Gemm~2 f32[4, 2] = Gemm(Mul~3, h) {transA: true} # backward layers.1',
      'Gemm~3 f32[2, 4] = Gemm(Gemm~1, y0) {transA: true} # backward layers.1',
    ]);
    checkGraph(graph);
  });

  it('reads no activation that only a frozen factor would need', () => {
    const { graph, loss, b } = adaptedModel();
    backward(graph, { loss, wrt: [b] });
    const added = lines(graph).join('\n');
    expect(added).toContain('Gemm(Mul~3, h) {transA: true}');
    expect(added).not.toContain('y0');
    expect(added).not.toContain('base1');
  });

  it('makes no constant 1 where the loss brings its own gradient', () => {
    const { graph, loss, b } = adaptedModel();
    const ones = (): number => [...graph.initializers.keys()].filter(({ name }) => name === 'c_1').length;
    backward(graph, { loss, wrt: [b] });
    expect(ones()).toBe(0);
  });

  it('differentiates for a value in the middle and goes no further down', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 3]);
    const middle = graph.add('Exp', [x], {}, { name: 'middle' });
    const loss = sum(graph, graph.add('Mul', [middle, middle], {}));
    backward(graph, { loss, wrt: [middle] });
    expect(graph.nodes.filter((node) => node.stage === 'backward' && node.inputs.includes(x))).toEqual([]);
  });

  it('adds the gradients of several readers in the order they come', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', [3]);
    const parts = [graph.add('Exp', [x], {}), graph.add('Neg', [x], {}), graph.add('Sigmoid', [x], {})];
    const loss = sum(
      graph,
      parts.reduce((all, part) => graph.add('Add', [all, part], {})),
    );
    backward(graph, { loss, wrt: [x] });
    const sums = graph.nodes.filter((node) => node.stage === 'backward' && node.op === 'Add');
    const operands = sums.map((node) => node.inputs.map((input) => input && graph.producer(input)?.op));
    expect(operands).toEqual([
      ['Mul', 'Neg'],
      ['Add', 'Mul'],
    ]);
  });

  it('names a trained value that the loss does not depend on', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', [3]);
    const idle = graph.input('idle', 'f32', [3]);
    const loss = sum(graph, graph.add('Exp', [x], {}));
    expect(() => backward(graph, { loss, wrt: [x, idle] })).toThrow(
      "tensor 'idle': the loss does not depend on this trainable value. Freeze it",
    );
  });

  it('names a trained value that only an integer cast reads', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', [3]);
    const rounded = graph.add('Cast', [graph.add('Cast', [x], { to: 'i32' })], { to: 'f32' });
    const loss = sum(graph, rounded);
    expect(() => backward(graph, { loss, wrt: [x] })).toThrow("tensor 'x': the loss does not depend on");
  });

  it('refuses a loss that is no scalar', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', [3]);
    const loss = graph.add('Exp', [x], {});
    expect(() => backward(graph, { loss, wrt: [x] })).toThrow('a loss must be one number; got f32 [3]');
  });

  it('names the node whose input has no gradient', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 1, 4]);
    const positions = graph.input('positions', 'i64', ['N', 1]);
    const cos = graph.input('cos', 'f32', [8, 2]);
    const sin = graph.input('sin', 'f32', [8, 2]);
    const turned = graph.add(
      'RotaryEmbedding',
      [x, positions, cos, sin],
      { headDim: 4 },
      { name: 'q_turned' },
    );
    expect(() => backward(graph, { loss: sum(graph, turned), wrt: [sin] })).toThrow(
      /gradient of RotaryEmbedding 'q_turned': tensor 'sin': input 3 has no gradient/,
    );
  });

  it('says how to get the gradient of a trained head', () => {
    const graph = new Graph();
    const hidden = graph.input('hidden', 'f32', ['N', 4]);
    const head = graph.input('head', 'f32', [8, 4]);
    const rest = [graph.input('labels', 'i32', ['N']), graph.input('weights', 'f32', ['N'])];
    const loss = graph.add('LinearCrossEntropy', [hidden, head, ...rest], {
      chunks: 1,
      withWeightGradient: false,
    });
    expect(() => backward(graph, { loss, wrt: [head] })).toThrow('withWeightGradient: true');
  });

  it('negates a sine cache once for all layers', () => {
    const graph = new Graph();
    const positions = graph.input('positions', 'i64', ['N', 1]);
    const cos = graph.input('cos', 'f32', [8, 2]);
    const sin = graph.input('sin', 'f32', [8, 2]);
    let x = graph.input('x', 'f32', ['N', 1, 4]);
    const wrt = [x];
    for (let i = 0; i < 3; i++) x = graph.add('RotaryEmbedding', [x, positions, cos, sin], { headDim: 4 });
    backward(graph, { loss: sum(graph, x), wrt });
    expect(graph.nodes.filter((node) => node.op === 'Neg')).toHaveLength(1);
  });

  it('sums the softmax gradient over head-width columns where one product reads it', () => {
    const graph = new Graph();
    const scores = graph.input('scores', 'f32', ['B', 'L', 'L']);
    const v = graph.input('v', 'f32', ['B', 'L', 8]);
    const p = graph.add('Softmax', [scores], { axis: -1 }, { name: 'p' });
    const o = graph.add('MatMul', [p, v], {}, { name: 'o' });
    const loss = sum(graph, graph.add('Exp', [o], {}));
    backward(graph, { loss, wrt: [scores] });
    const large = graph.nodes.filter(
      ({ stage, outputs }) => stage === 'backward' && outputs[0]?.shape.join() === 'B,L,L',
    );
    expect(large.map((node) => node.op)).toEqual(['MatMul', 'Sub', 'Mul']);
  });

  it('uses the source of a Transpose instead of transposing it again', () => {
    const graph = new Graph();
    const q = graph.input('q', 'f32', ['B', 'L', 4]);
    const k = graph.input('k', 'f32', ['B', 'L', 4]);
    const turned = graph.add('Transpose', [k], { perm: [0, 2, 1] });
    const loss = sum(graph, graph.add('Exp', [graph.add('MatMul', [q, turned], {})], {}));
    backward(graph, { loss, wrt: [q] });
    const added = graph.nodes.filter((node) => node.stage === 'backward');
    expect(added.map((node) => node.op)).not.toContain('Transpose');
    expect(added.at(-1)?.inputs[1]).toBe(k);
  });
});

describe('ties', () => {
  it.each(['Min', 'Max'] as const)('%s gives the gradient to the first of equal inputs', (op) => {
    const graph = new Graph();
    const a = graph.input('a', 'f32', [3]);
    const b = graph.input('b', 'f32', [3]);
    const gradients = backward(graph, { loss: sum(graph, graph.add(op, [a, b], {})), wrt: [a, b] });
    for (const gradient of gradients.values()) graph.output(gradient);
    const result = interpret(graph, {
      a: { dtype: 'f32', shape: [3], data: Float32Array.of(1, 2, 1) },
      b: { dtype: 'f32', shape: [3], data: Float32Array.of(1, 1, 2) },
    });
    const numbers = (value: Value): number[] =>
      Array.from(result[gradients.get(value)?.name ?? '']?.data ?? [], Number);
    expect(numbers(a)).toEqual(op === 'Min' ? [1, 0, 1] : [1, 1, 0]);
    expect(numbers(b)).toEqual(op === 'Min' ? [0, 1, 0] : [0, 0, 1]);
  });
});

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { backward } from '../../../../src/engine/autodiff/backward';
import type { Graph } from '../../../../src/engine/graph/graph';
import { lowerGraph } from '../../../../src/engine/graph/lower/lower';
import { encodeModel } from '../../../../src/engine/graph/onnx/encode';
import { operators } from '../../../../src/engine/graph/ops/registry';
import type { HostTensor, OpType, Value } from '../../../../src/engine/graph/types';
import { interpret } from '../../../support/interpreter/interpret';
import { buildCase, type BuiltCase, type OperatorCase } from './operatorCase';
import { operatorCases } from './operatorCases';

/*
 * The interpreter judges gradients and training logic, so it is itself held against onnxruntime here: on every
 * operator's case and on the gradients added to it, which also shows that what the rules build can run.
 */

function ortTensor({ dtype, shape, data }: HostTensor): Tensor {
  if (dtype === 'i64' && data instanceof BigInt64Array) return new Tensor('int64', data, shape);
  if (dtype === 'i32' && data instanceof Int32Array) return new Tensor('int32', data, shape);
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  throw new Error(`no case feeds ${dtype}`);
}

async function runOnnxruntime(graph: Graph, feeds: BuiltCase['feeds']): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(encodeModel(graph), {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
  });
  try {
    const tensors = Object.entries(feeds).map(([name, feed]): [string, Tensor] => [name, ortTensor(feed)]);
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
    );
  } finally {
    await session.release();
  }
}

/** The sum of squares of all outputs' elements: a loss that needs no further inputs. */
function sumOfSquares(graph: Graph, of: readonly Value[]): Value {
  const terms = of.map((value) => {
    const wide = value.dtype === 'f32' ? value : graph.add('Cast', [value], { to: 'f32' });
    const axes = wide.shape.map((_, axis) => axis);
    return axes.length === 0 ? wide : graph.add('ReduceSumSquare', [wide], { axes, keepdims: false });
  });
  return terms.reduce((sum, term) => graph.add('Add', [sum, term], {}));
}

async function compare(op: OpType, each: OperatorCase<OpType>): Promise<void> {
  const { graph, of, wrt, feeds } = buildCase(op, each);
  const gradients = backward(graph, { loss: sumOfSquares(graph, of), wrt });
  for (const value of new Set([...of, ...gradients.values()])) graph.output(value);
  lowerGraph(graph);
  const expected = interpret(graph, feeds);
  const computed = await runOnnxruntime(graph, feeds);
  for (const [name, { data }] of Object.entries(expected)) {
    const wanted = Array.from(data, Number);
    const got = computed[name] ?? [];
    expect(got.length, name).toBe(wanted.length);
    const scale = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    const error = wanted.reduce((most, x, i) => Math.max(most, Math.abs(x - (got[i] ?? NaN))), 0) / scale;
    expect(error, `${name}: interpreter ${wanted.join(', ')}; onnxruntime ${got.join(', ')}`).toBeLessThan(
      1e-4,
    );
  }
}

function isOpType(name: string): name is OpType {
  return name in operators;
}

describe('the interpreter against onnxruntime', () => {
  for (const op of Object.keys(operators).filter(isOpType)) {
    const list = operatorCases[op];
    if (list === 'not differentiable') continue;
    it(`${op}: every case and its gradients`, async () => {
      for (const each of list) await compare(op, each);
    });
  }
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Graph } from '../../src/engine/graph/graph';
import type { Runtime } from '../../src/engine/graph/runtime';
import type { HostTensor, OpAttributes, Value } from '../../src/engine/graph/types';
import { createRuntime } from '../../src/runtime/onnxRuntime';
import { CASES, type CheckedOp, type OperatorCase } from './cases';
import { f32 } from './tensors';

interface Trial {
  readonly graph: Graph;
  readonly feeds: Record<string, HostTensor>;
}

/** x, but computed: kernels may work in place on what they get, and on nothing but computed values. */
function computed(graph: Graph, x: Value): Value {
  if (x.dtype !== 'f32') return x;
  return graph.add('Neg', [graph.add('Neg', [x], {})], {});
}

/** All cases of one operator in one graph, each on its inputs as they are fed and on computed ones. */
function trial<K extends CheckedOp>(op: K, cases: readonly OperatorCase<K>[]): Trial {
  const graph = new Graph();
  const feeds: Record<string, HostTensor> = {};
  cases.forEach(({ inputs, attributes }, c) => {
    const fed = inputs.map((tensor, i) => {
      const name = `case${c}_in${i}`;
      feeds[name] = tensor;
      return graph.input(name, tensor.dtype, tensor.shape);
    });
    for (const values of [fed, fed.map((x) => computed(graph, x))]) {
      const outputs = graph.addAll(op, values, attributes, { name: `case${c}_out` });
      // A second output is of no interest where the engine never reads it.
      for (const output of op === 'Split' ? outputs : outputs.slice(0, 1)) graph.output(output);
    }
  });
  return { graph, feeds };
}

/** Greatest difference, in units of the greatest magnitude in `expected`; infinite where NaN or an infinity differs. */
function distance(expected: HostTensor, actual: HostTensor): number {
  let scale = 1e-6;
  let worst = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const a = Number(expected.data[i]);
    const b = Number(actual.data[i]);
    if (Object.is(a, b)) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    scale = Math.max(scale, Math.abs(a));
    worst = Math.max(worst, Math.abs(a - b));
  }
  return worst / scale;
}

let cpu: Runtime;
let webgpu: Runtime;
beforeAll(async () => {
  cpu = await createRuntime('cpu');
  webgpu = await createRuntime('webgpu');
});
afterAll(async () => {
  await cpu.dispose();
  await webgpu.dispose();
});

async function expectAgreement(op: string, { graph, feeds }: Trial): Promise<void> {
  const options = { label: op };
  const onCpu = await cpu.createSession(graph, options);
  const onGpu = await webgpu.createSession(graph, options);
  const expected = (await onCpu.run(feeds)).host;
  const actual = (await onGpu.run(feeds)).host;
  expect(onGpu.fallbacks).toEqual([]);
  const disagreements = Object.entries(expected).flatMap(([name, tensor]) => {
    const other = actual[name];
    if (other === undefined) return [`${name} is missing`];
    if (other.dtype !== tensor.dtype || String(other.shape) !== String(tensor.shape)) {
      return [`${name} is ${other.dtype}[${other.shape.join(', ')}]`];
    }
    const off = distance(tensor, other);
    return off <= 2e-5 ? [] : [`${name} is off by ${off}`];
  });
  expect(disagreements).toEqual([]);
  await onCpu.dispose();
  await onGpu.dispose();
}

const names = Object.keys(CASES) as CheckedOp[];

describe('on WebGPU as on the CPU', () => {
  it.each(names)('%s', async (op) => {
    const cases: readonly OperatorCase<typeof op>[] = CASES[op];
    expect(cases.length).toBeGreaterThan(0);
    await expectAgreement(op, trial(op, cases));
  });
});

describe('operators without a kernel', () => {
  const attributes: { FusedMatMul: OpAttributes['FusedMatMul']; LogSoftmax: OpAttributes['LogSoftmax'] } = {
    FusedMatMul: { transB: true },
    LogSoftmax: { axis: -1 },
  };

  it('are still without one, and the session names them', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', [4, 6]);
    const product = graph.scoped('product', () => graph.add('FusedMatMul', [x, x], attributes.FusedMatMul));
    const scores = graph.scoped('scores', () => graph.add('LogSoftmax', [product], attributes.LogSoftmax));
    graph.output(graph.add('Exp', [scores], {}, { name: 'y' }));
    const session = await webgpu.createSession(graph, { label: 'fallback' });
    expect(session.placement).toEqual({});
    await session.run({ x: f32([4, 6]) });
    expect(session.placement).toEqual({ CPUExecutionProvider: 2, WebGpuExecutionProvider: 1 });
    expect(session.fallbacks.map((name) => name.split('_')[0])).toEqual([
      'product/FusedMatMul',
      'scores/LogSoftmax',
    ]);
    await session.dispose();
  });
});

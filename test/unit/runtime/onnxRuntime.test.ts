import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Graph } from '../../../src/engine/graph/graph';
import type { Runtime } from '../../../src/engine/graph/runtime';
import type { HostTensor } from '../../../src/engine/graph/types';
import { createRuntime } from '../../../src/runtime/onnxRuntime';

const f32 = (shape: readonly number[], values: readonly number[]): HostTensor => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});

/** total = sum of (state + x)^2, next = state + x. */
function accumulate(): Graph {
  const graph = new Graph();
  const state = graph.input('state', 'f32', ['N']);
  const x = graph.input('x', 'f32', ['N']);
  const next = graph.add('Add', [state, x], {}, { name: 'next' });
  graph.output(next);
  graph.output(graph.add('ReduceSumSquare', [next], { axes: [0], keepdims: false }, { name: 'total' }));
  return graph;
}

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
});
afterAll(() => runtime.dispose());

describe('the runtime on the CPU', () => {
  it('feeds what it kept on the device back, run after run', async () => {
    const session = await runtime.createSession(accumulate(), { label: 'test', keepOnDevice: ['next'] });
    let state = await runtime.upload(f32([3], [0, 0, 0]));
    const totals: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { host, device } = await session.run({ state, x: f32([3], [1, 2, 3]) });
      const next = device['next'];
      const total = host['total'];
      if (next === undefined || total === undefined) throw new Error('an output is missing');
      expect(Object.keys(host)).toEqual(['total']);
      expect(total.shape).toEqual([]);
      totals.push(Number(total.data[0]));
      state.dispose();
      state = next;
    }
    expect(totals).toEqual([14, 56, 126]);
    expect(await runtime.download(state)).toEqual(f32([3], [3, 6, 9]));
    expect(session.placement).toEqual({ CPUExecutionProvider: 2 });
    expect(session.fallbacks).toEqual([]);
    await session.dispose();
    await session.dispose();
  });

  it('gives big device memory back at once, unless somebody shares it', async () => {
    const n = 1 << 19;
    const session = await runtime.createSession(accumulate(), { label: 'test', keepOnDevice: ['next'] });
    const zeros: HostTensor = { dtype: 'f32', shape: [n], data: new Float32Array(n) };
    const feeds = { state: zeros, x: zeros };
    const first = (await session.run(feeds)).device['next'];
    const second = (await session.run(feeds)).device['next'];
    if (first === undefined || second === undefined) throw new Error('an output is missing');
    const shared = await runtime.download(first);
    first.dispose();
    expect(shared.data).toHaveLength(n);
    second.dispose();
    await expect(session.run({ ...feeds, state: second })).rejects.toThrow(/used after it was disposed of/);
  });

  it.each([
    ['f64', Float64Array.of(1, 2)],
    ['i32', Int32Array.of(1, -2)],
    ['i64', BigInt64Array.of(1n, -(2n ** 40n))],
    ['bool', Uint8Array.of(0, 1)],
  ] as const)('carries %s in and out', async (dtype, data) => {
    const graph = new Graph();
    graph.output(graph.add('Identity', [graph.input('x', dtype, ['N'])], {}, { name: 'y' }));
    const session = await runtime.createSession(graph, { label: 'test' });
    const { host } = await session.run({ x: { dtype, shape: [2], data } });
    expect(host['y']).toEqual({ dtype, shape: [2], data });
    await session.dispose();
  });

  it('reads external weights straight out of their file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eigenloom-test-'));
    const weights = Float32Array.of(10, 20, 30, 40);
    // An odd offset: safetensors files promise no alignment.
    writeFileSync(join(folder, 'w.bin'), Buffer.concat([Buffer.alloc(13), Buffer.from(weights.buffer)]));
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 2]);
    const w = graph.external('w', 'f32', [2, 2], { file: 'w.bin', offset: 13, length: 16 });
    graph.output(graph.add('MatMul', [x, w], {}, { name: 'y' }));
    const session = await runtime.createSession(graph, { label: 'test', weightsFolder: folder });
    const { host } = await session.run({ x: f32([1, 2], [1, 2]) });
    expect(host['y']).toEqual(f32([1, 2], [70, 100]));
    await session.dispose();
    rmSync(folder, { recursive: true });
  });

  it('says which graph failed, and on what', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 2]);
    const w = graph.external('w', 'f32', [2, 2], { file: 'absent.bin', offset: 0, length: 16 });
    graph.output(graph.add('MatMul', [x, w], {}, { name: 'y' }));
    await expect(runtime.createSession(graph, { label: 'step', weightsFolder: tmpdir() })).rejects.toThrow(
      /onnxruntime could not load the step graph on cpu: .*absent\.bin/s,
    );

    const session = await runtime.createSession(accumulate(), { label: 'update' });
    await expect(session.run({ x: f32([1], [1]) })).rejects.toThrow(
      /tensor 'state': the update session was run without/,
    );
    await expect(session.run({ x: f32([2], [1, 1]), state: f32([3], [1, 1, 1]) })).rejects.toThrow(
      /the update graph failed on cpu: .*Add/s,
    );
    await expect(
      session.run({ x: { dtype: 'f16', shape: [1], data: new Uint16Array(1) }, state: f32([1], [1]) }),
    ).rejects.toThrow(/cannot be f16.*Feed f32/);
    await session.dispose();
  });
});

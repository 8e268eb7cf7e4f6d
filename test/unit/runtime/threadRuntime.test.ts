import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphError, RunError } from '../../../src/base/errors';
import { RandomStream } from '../../../src/base/random';
import { gemm } from '../../../src/engine/graph/builder';
import { Graph } from '../../../src/engine/graph/graph';
import type { Runtime } from '../../../src/engine/graph/runtime';
import type { HostTensor } from '../../../src/engine/graph/types';
import { ParallelSvd } from '../../../src/engine/spectra/parallelSvd';
import { RandomizedSvd } from '../../../src/engine/spectra/randomizedSvd';
import { createRuntime } from '../../../src/runtime/onnxRuntime';
import { createThreadRuntime } from '../../../src/runtime/threadRuntime';

const f32 = (shape: readonly number[], values: readonly number[]): HostTensor => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});

/** next = state + x, gram = next next^T in f64. */
function graph(): Graph {
  const made = new Graph();
  const state = made.input('state', 'f32', ['N', 'K']);
  const next = made.add('Add', [state, made.input('x', 'f32', ['N', 'K'])], {}, { name: 'next' });
  made.output(next);
  const wide = made.add('Cast', [next], { to: 'f64' });
  made.output(gemm(made, wide, wide, { transB: true, name: 'gram' }));
  return made;
}

let runtime: Runtime;
beforeAll(() => {
  runtime = createThreadRuntime();
});
afterAll(() => runtime.dispose());

describe('a runtime in a thread', () => {
  it('feeds back what it kept, and brings the rest to the caller', async () => {
    const session = await runtime.createSession(graph(), { label: 'test', keepOnDevice: ['next'] });
    let state = await runtime.upload(f32([2, 1], [0, 0]));
    const grams: (readonly number[])[] = [];
    for (let i = 0; i < 2; i++) {
      const { host, device } = await session.run({ state, x: f32([2, 1], [1, 2]) });
      expect(Object.keys(host)).toEqual(['gram']);
      expect(host['gram']?.data).toBeInstanceOf(Float64Array);
      grams.push(Array.from(host['gram']?.data ?? [], Number));
      state.dispose();
      if (device['next'] === undefined) throw new Error('nothing was kept');
      state = device['next'];
    }
    expect(grams).toEqual([
      [1, 2, 2, 4],
      [4, 8, 8, 16],
    ]);
    expect([state.dtype, state.shape]).toEqual(['f32', [2, 1]]);
    expect(await runtime.download(state)).toEqual(f32([2, 1], [2, 4]));
    expect(session.placement).toEqual({ CPUExecutionProvider: 3 });
    await session.dispose();
    await session.dispose();
  });

  it('copies what it is given, unless it may have it', async () => {
    const large = Float32Array.from([9, 1, 2, 9]);
    const part: HostTensor = { dtype: 'f32', shape: [2], data: large.subarray(1, 3) };
    const copied = await runtime.upload(part);
    large.fill(0);
    expect((await runtime.download(copied)).data).toEqual(Float32Array.of(1, 2));
    // A part of a larger memory is never taken away.
    await runtime.upload({ ...part, data: large.subarray(0, 2) }, true);
    expect(large.byteLength).toBe(16);
    const own = f32([2], [3, 4]);
    const moved = await runtime.upload(own, true);
    expect(own.data.byteLength).toBe(0);
    expect((await runtime.download(moved)).data).toEqual(Float32Array.of(3, 4));
  });

  it('says in a sentence what onnxruntime has against a run', async () => {
    const session = await runtime.createSession(graph(), { label: 'test' });
    const run = session.run({ state: f32([2, 2], [0, 0, 0, 0]), x: f32([2, 3], [1, 2, 3, 4, 5, 6]) });
    await expect(run).rejects.toThrow(RunError);
    await expect(run).rejects.toThrow('the test graph failed in a thread: ');
  });

  it('takes no tensor of another runtime', async () => {
    const session = await runtime.createSession(graph(), { label: 'test' });
    const other = createThreadRuntime();
    const foreign = await other.upload(f32([1, 1], [1]));
    await expect(session.run({ state: foreign, x: f32([1, 1], [1]) })).rejects.toThrow(GraphError);
    await expect(runtime.download(foreign)).rejects.toThrow(GraphError);
    await other.dispose();
  });

  it('fails what waits for it, and what comes, when it is ended', async () => {
    const ended = createThreadRuntime();
    const waiting = expect(ended.createSession(graph(), { label: 'test' })).rejects.toThrow(RunError);
    await ended.dispose();
    await waiting;
    await expect(ended.upload(f32([1], [1]))).rejects.toThrow('ended too soon');
  });

  it('decomposes matrices to the same bits as the caller’s thread', async () => {
    const threads = [runtime, createThreadRuntime()];
    const local = await createRuntime('cpu', { threads: 1 });
    const [one, many] = [new RandomizedSvd(local), new ParallelSvd(threads)];
    const work = [
      [150, 140],
      [140, 170],
      [133, 133],
    ].map(([rows = 0, columns = 0], seed) => {
      const weight = new RandomStream(seed, 'weight').normals(rows * columns);
      const draw = (count: number): Float32Array => new RandomStream(seed, 'sketch').signs(count);
      return [weight, rows, columns, 8, draw] as const;
    });
    const alone = [];
    for (const matrix of work) alone.push(await one.decompose(...matrix));
    expect(await Promise.all(work.map((matrix) => many.decompose(...matrix)))).toEqual(alone);
    await Promise.all([one.dispose(), many.dispose()]);
    await Promise.all([local.dispose(), threads[1]?.dispose()]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backward } from '../../../../src/engine/autodiff/backward';
import { Graph } from '../../../../src/engine/graph/graph';
import type { DeviceTensor } from '../../../../src/engine/graph/runtime';
import type { HostTensor } from '../../../../src/engine/graph/types';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';

/*
 * Gradients at work through the Runtime port: y = W (m x), with a frozen m in a weights file, learns W = [2, -1] / m
 * from four points by plain gradient descent. The parameter never leaves the device.
 */

const POINTS = Float32Array.of(1, 0, 0, 1, 1, 1, 2, -1);
const TARGETS = Float32Array.of(2, -1, 1, 5);

function f32(shape: readonly number[], ...data: readonly number[]): HostTensor {
  return { dtype: 'f32', shape, data: Float32Array.from(data) };
}

function descentGraph(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['N', 2]);
  const target = graph.input('target', 'f32', ['N', 1]);
  const w = graph.input('w', 'f32', [1, 2]);
  const m = graph.external('m', 'f32', [2], { file: 'weights.bin', offset: 4, length: 8 });
  const y = graph.add('Gemm', [graph.add('Mul', [x, m], {}), w], { transB: true });
  const error = graph.add('Sub', [y, target], {});
  const loss = graph.add('ReduceSumSquare', [error], { axes: [0, 1], keepdims: false }, { name: 'loss' });
  const gradient = backward(graph, { loss, wrt: [w] }).get(w);
  const step = graph.add('Mul', [gradient, graph.scalar(0.02)], {});
  graph.output(loss);
  graph.output(graph.add('Sub', [w, step], {}, { name: 'new_w' }));
  return graph;
}

describe('gradient descent through the interpreter runtime', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'descent-'));
    writeFileSync(join(folder, 'weights.bin'), new Uint8Array(Float32Array.of(99, 0.5, 2).buffer));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds the parameter that the points were made with', async () => {
    const runtime = new InterpreterRuntime();
    const session = await runtime.createSession(descentGraph(), {
      label: 'descent',
      weightsFolder: folder,
      keepOnDevice: ['new_w'],
    });
    let w: DeviceTensor = await runtime.upload(f32([1, 2], 0, 0));
    let loss = NaN;
    for (let i = 0; i < 300; i++) {
      const feeds = { x: f32([4, 2], ...POINTS), target: f32([4, 1], ...TARGETS), w };
      const { host, device } = await session.run(feeds);
      expect(Object.keys(host)).toEqual(['loss']);
      loss = Number(host['loss']?.data[0]);
      const next = device['new_w'];
      if (next === undefined) throw new Error('the new parameter did not stay on the device');
      w.dispose();
      w = next;
    }
    expect(loss).toBeLessThan(1e-8);
    const { dtype, data } = await runtime.download(w);
    expect(dtype).toBe('f32');
    expect(Number(data[0])).toBeCloseTo(4, 3);
    expect(Number(data[1])).toBeCloseTo(-0.5, 3);
  });

  it('refuses a tensor that was disposed of, and a feed of a wrong shape', async () => {
    const runtime = new InterpreterRuntime();
    const session = await runtime.createSession(descentGraph(), { label: 'descent', weightsFolder: folder });
    const w = await runtime.upload(f32([1, 2], 0, 0));
    const feeds = { x: f32([4, 2], ...POINTS), target: f32([4, 1], ...TARGETS) };
    await expect(session.run({ ...feeds, w: f32([2, 1], 0, 0) })).rejects.toThrow('w is declared [1,2]');
    await expect(session.run({ ...feeds, target: f32([3, 1], 1, 2, 3), w })).rejects.toThrow(
      'target is declared [N,1]',
    );
    w.dispose();
    await expect(session.run({ ...feeds, w })).rejects.toThrow('after it was disposed of');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Graph } from '../../src/engine/graph/graph';
import type { Runtime } from '../../src/engine/graph/runtime';
import type { HostTensor } from '../../src/engine/graph/types';
import { chooseDevice } from '../../src/runtime/devices';
import { createRuntime } from '../../src/runtime/onnxRuntime';
import { f32, floats, ints } from './tensors';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime('webgpu');
});
afterAll(() => runtime.dispose());

/** next = state + x, total = sum of next^2. */
function accumulate(): Graph {
  const graph = new Graph();
  const state = graph.input('state', 'f32', ['N']);
  const x = graph.input('x', 'f32', ['N']);
  const next = graph.add('Add', [state, x], {}, { name: 'next' });
  graph.output(next);
  graph.output(graph.add('ReduceSumSquare', [next], { axes: [0], keepdims: false }, { name: 'total' }));
  return graph;
}

describe('device tensors on WebGPU', () => {
  it('stay on the device from run to run', async () => {
    const session = await runtime.createSession(accumulate(), { label: 'test', keepOnDevice: ['next'] });
    let state = await runtime.upload(floats([3], [0, 0, 0]));
    const totals: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { host, device } = await session.run({ state, x: floats([3], [1, 2, 3]) });
      const next = device['next'];
      if (next === undefined) throw new Error('next is missing');
      expect(Object.keys(host)).toEqual(['total']);
      totals.push(host['total']?.data[0]);
      state.dispose();
      state = next;
    }
    expect(totals).toEqual([14, 56, 126]);
    expect(await runtime.download(state)).toEqual(floats([3], [3, 6, 9]));
    expect(session.fallbacks).toEqual([]);
    expect(session.placement).toEqual({ WebGpuExecutionProvider: 2 });
    state.dispose();
    await expect(session.run({ state, x: floats([3], [1, 2, 3]) })).rejects.toThrow(
      /after it was disposed of/,
    );
    await expect(runtime.download(state)).rejects.toThrow(/after it was disposed of/);
    await session.dispose();
  });

  const tensors: readonly HostTensor[] = [
    f32([]),
    f32([0, 3]),
    f32([2, 3]),
    f32([2, 3, 4, 5]),
    ints('i32', [3], [1, -2, 3]),
    ints('i64', [2], [1, -4_000_000_000]),
    ints('bool', [3], [1, 0, 1]),
  ];
  it.each(tensors.map((tensor) => [`${tensor.dtype}[${tensor.shape.join(', ')}]`, tensor] as const))(
    'carry %s up and down',
    async (_, tensor) => {
      const device = await runtime.upload(tensor);
      expect([device.dtype, device.shape]).toEqual([tensor.dtype, tensor.shape]);
      expect(await runtime.download(device)).toEqual(tensor);
      device.dispose();
    },
  );

  it('are refused by a runtime on another device', async () => {
    const cpu = await createRuntime('cpu');
    const device = await runtime.upload(f32([2]));
    await expect(cpu.download(device)).rejects.toThrow(/another runtime/);
    device.dispose();
    await cpu.dispose();
  });
});

describe('choosing the device', () => {
  it('takes WebGPU unasked only where it is a GPU', async () => {
    const choice = await chooseDevice('auto');
    const seen = choice.available.find(({ device }) => device === 'webgpu');
    const [, gpu, cpu] = /([\d.]+) GFLOP\/s against ([\d.]+)/.exec(seen?.note ?? '') ?? [];
    expect(seen?.usable).toBe(true);
    expect(choice.device).toBe(Number(gpu) > 2 * Number(cpu) ? 'webgpu' : 'cpu');
    expect((await chooseDevice('webgpu')).device).toBe('webgpu');
  });
});

import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors';
import type { DeviceKind } from '../../../src/engine/graph/runtime';
import { chooseDevice, type DeviceSources, surveyDevices } from '../../../src/runtime/devices';
import type { ProbeResult } from '../../../src/runtime/probe';

const NO_ADAPTER: ProbeResult = { ok: false, problem: 'Failed to get a WebGPU adapter' };
const FAST: ProbeResult = { ok: true, gflops: 4000, cpuGflops: 150 };
const SOFTWARE: ProbeResult = { ok: true, gflops: 0.2, cpuGflops: 150 };
const SLOW: ProbeResult = { ok: true, gflops: 180, cpuGflops: 150 };

function machine(
  results: Partial<Record<DeviceKind, ProbeResult>>,
): DeviceSources & { readonly asked: DeviceKind[] } {
  const asked: DeviceKind[] = [];
  return {
    asked,
    supported: ['cpu', 'cuda', 'webgpu'],
    probe: (device) => {
      asked.push(device);
      return Promise.resolve(results[device] ?? { ok: false, problem: 'not installed' });
    },
  };
}

describe('chooseDevice auto', () => {
  it('takes a GPU that beats the CPU and says by how much', async () => {
    const choice = await chooseDevice('auto', machine({ webgpu: FAST }));
    expect(choice.device).toBe('webgpu');
    expect(choice.why).toBe('webgpu is the fastest device here: 4000 GFLOP/s against 150 on the CPU');
    expect(choice.available.map(({ device, usable }) => [device, usable])).toEqual([
      ['cpu', true],
      ['cuda', false],
      ['webgpu', true],
    ]);
  });

  it('prefers CUDA and then looks no further', async () => {
    const sources = machine({ cuda: FAST, webgpu: FAST });
    expect((await chooseDevice('auto', sources)).device).toBe('cuda');
    expect(sources.asked).toEqual(['cuda']);
  });

  it('never takes a software adapter', async () => {
    const choice = await chooseDevice('auto', machine({ webgpu: SOFTWARE }));
    expect(choice.device).toBe('cpu');
    expect(choice.why).toContain('webgpu: a software adapter: 0.2 GFLOP/s');
  });

  it('stays on the CPU where the GPU is hardly faster, or cannot be opened', async () => {
    expect((await chooseDevice('auto', machine({ webgpu: SLOW }))).device).toBe('cpu');
    const none = await chooseDevice('auto', machine({ webgpu: NO_ADAPTER }));
    expect(none.device).toBe('cpu');
    expect(none.why).toBe(
      'no GPU is worth using (cuda: not installed; webgpu: Failed to get a WebGPU adapter)',
    );
  });
});

describe('chooseDevice by name', () => {
  it('opens nothing for the CPU', async () => {
    const sources = machine({});
    expect((await chooseDevice('cpu', sources)).device).toBe('cpu');
    expect(sources.asked).toEqual([]);
  });

  it('takes a software adapter where it is asked for, and says that it is one', async () => {
    const choice = await chooseDevice('webgpu', machine({ webgpu: SOFTWARE }));
    expect(choice.device).toBe('webgpu');
    expect(choice.why).toContain('software adapter');
  });

  it('refuses what is not there with what is, and how to get it', async () => {
    const failure = chooseDevice('cuda', machine({ webgpu: FAST }));
    await expect(failure).rejects.toThrow(InputError);
    await expect(failure).rejects.toThrow(
      /key 'device': device cuda is not available here \(not installed\); got cuda; expected auto or cpu, webgpu\. Install CUDA 12/,
    );
  });

  it('refuses a device this build of onnxruntime does not know without trying it', async () => {
    const sources = machine({});
    await expect(chooseDevice('coreml', sources)).rejects.toThrow(/coreml is not available.*macOS only/);
    expect(sources.asked).not.toContain('coreml');
  });
});

describe('surveyDevices', () => {
  it('tells of every device, and tries none twice', async () => {
    const sources = machine({ cuda: SLOW, webgpu: FAST });
    const { choice, devices } = await surveyDevices(sources);
    expect(choice.device).toBe('webgpu');
    expect(sources.asked).toEqual(['cuda', 'webgpu']);
    expect(devices.map(({ device, usable }) => [device, usable])).toEqual([
      ['cuda', true],
      ['webgpu', true],
      ['dml', false],
      ['coreml', false],
      ['cpu', true],
    ]);
    expect(devices[2]?.note).toBe(`not part of onnxruntime on ${process.platform}`);
  });

  it('looks on behind the device that is taken', async () => {
    const sources = machine({ cuda: FAST, webgpu: FAST });
    expect((await surveyDevices(sources)).choice.device).toBe('cuda');
    expect(sources.asked).toEqual(['cuda', 'webgpu']);
  });
});

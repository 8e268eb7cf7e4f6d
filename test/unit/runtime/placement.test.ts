import { describe, expect, it } from 'vitest';
import { placementOf } from '../../../src/runtime/placement';

function kernel(name: string, op: string, provider: string): unknown {
  return { cat: 'Node', name: `${name}_kernel_time`, dur: 3, args: { op_name: op, provider } };
}

describe('placementOf', () => {
  it('counts nodes by provider, names those on the CPU and leaves out copies between devices', () => {
    const profile = [
      { cat: 'Session', name: 'model_run', dur: 9, args: {} },
      kernel('mlp/Gemm_1', 'Gemm', 'WebGpuExecutionProvider'),
      kernel('mlp/Gemm_2', 'Gemm', 'WebGpuExecutionProvider'),
      kernel('Memcpy', 'MemcpyToHost', 'WebGpuExecutionProvider'),
      kernel('loss/LogSoftmax_3', 'LogSoftmax', 'CPUExecutionProvider'),
      { cat: 'Api', name: 'mlp/Gemm_1&Gemm&Gemm', dur: 2, args: {} },
    ];
    expect(placementOf(profile)).toEqual({
      counts: { WebGpuExecutionProvider: 2, CPUExecutionProvider: 1 },
      onCpu: ['loss/LogSoftmax_3'],
    });
  });

  it('takes what is no profile for an empty one', () => {
    for (const damaged of [
      null,
      {},
      'x',
      [null, 3, { cat: 'Node' }, { cat: 'Node', name: 'a_kernel_time', args: 1 }],
    ]) {
      expect(placementOf(damaged)).toEqual({ counts: {}, onCpu: [] });
    }
  });
});

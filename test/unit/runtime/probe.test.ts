import { describe, expect, it } from 'vitest';
import { probeDevice } from '../../../src/runtime/probe';

describe('probeDevice', () => {
  it('measures the CPU in a process of its own', async () => {
    const result = await probeDevice('cpu');
    expect(result).toMatchObject({ ok: true });
    if (result.ok) {
      expect(result.gflops).toBeGreaterThan(0);
      expect(result.cpuGflops).toBeGreaterThan(0);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { gemm } from '../../../../src/engine/graph/builder';
import { Graph } from '../../../../src/engine/graph/graph';
import { matrixFlops } from '../../../../src/engine/graph/passes/matrixFlops';
import type { RunRecord } from '../../../../src/protocol/run/record';
import { predictStepTime } from '../../../../src/trainer/training/stepTime';

const MACHINE = { platform: 'linux', arch: 'x64', cpu: 'a cpu', cores: 2, memory_mb: 1000, hostname: 'here' };
const REQUEST = { flops: 6e9, device: 'cpu', model: '/m', machine: MACHINE };

/** A run whose phases took so many seconds for so many operations. */
function run(phases: readonly (readonly [number, number])[], change: Partial<RunRecord> = {}): RunRecord {
  return {
    formatVersion: 1,
    id: 'x',
    name: 'x',
    status: 'done',
    created: '2026-01-01T00:00:00.000Z',
    config: { model: '/m' },
    source: { file: 'x', overrides: [] },
    seed: 1,
    machine: MACHINE,
    facts: {
      device: { provider: 'cpu', reason: '' },
      phases: phases.map(([flops, step_seconds]) => ({
        name: 'all',
        from_step: 0,
        trainable: 1,
        flops,
        step_seconds,
      })),
    },
    ...change,
  };
}

describe('the time of a step', () => {
  it('follows the rate of past runs, and says how far they differ', () => {
    const past = [run([[1e9, 1]]), run([[2e9, 1]]), run([[3e9, 1]])];
    const found = predictStepTime(REQUEST, past);
    expect(found).toMatchObject({ seconds: 3, samples: 3 });
    // The slowest runs at 1 where the others have 2.5.
    expect(found?.error).toBeCloseTo(1, 12);
  });

  it('says of one run alone no error', () => {
    expect(predictStepTime(REQUEST, [run([[2e9, 1]])])).toEqual({ seconds: 3, error: undefined, samples: 1 });
  });

  it('goes by runs of the same model where there are any', () => {
    const other = run([[1e9, 100]], { config: { model: '/other' } });
    expect(predictStepTime(REQUEST, [other, run([[2e9, 1]])])?.seconds).toBe(3);
    expect(predictStepTime(REQUEST, [other])?.seconds).toBe(600);
  });

  it.each([
    ['of another device', run([[1e9, 1]], { facts: { device: { provider: 'webgpu', reason: '' } } })],
    ['of another machine', run([[1e9, 1]], { machine: { ...MACHINE, hostname: 'elsewhere' } })],
    ['that did not say', run([])],
  ])('knows nothing from runs %s', (_, past) => {
    expect(predictStepTime(REQUEST, [past])).toBeUndefined();
  });
});

describe('the operations of a graph’s products', () => {
  it('are two for each number that is multiplied and added, transposed or not', () => {
    const graph = new Graph();
    const a = graph.input('a', 'f32', ['N', 3]);
    const b = graph.input('b', 'f32', [3, 5]);
    const product = gemm(graph, a, b);
    graph.output(gemm(graph, product, a, { transA: true }));
    // [N, 3] [3, 5], then [5, N] [N, 3].
    expect(matrixFlops(graph, { N: 7 })).toBe(2 * 7 * 3 * 5 + 2 * 5 * 7 * 3);
  });
});

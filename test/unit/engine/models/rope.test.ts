import { describe, expect, it } from 'vitest';
import { ropeCaches, type RopeScaling } from '../../../../src/engine/models/rope';

/** Angles of position 1, i.e. the frequencies themselves. */
function frequencies(headDim: number, theta: number, scaling: RopeScaling): number[] {
  const { cos, sin } = ropeCaches(2, headDim, theta, scaling, 1);
  const half = headDim / 2;
  return Array.from({ length: half }, (_, i) => Math.atan2(sin[half + i] ?? NaN, cos[half + i] ?? NaN));
}

const expectClose = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));
};

describe('ropeCaches', () => {
  it('turns pair i by theta^(-2i/d) a position', () => {
    expectClose(frequencies(8, 10000, { type: 'default' }), [1, 0.1, 0.01, 0.001]);
    const { cos, sin } = ropeCaches(4, 8, 10000, { type: 'default' }, 1);
    expect(cos.length).toBe(16);
    expect([...cos.subarray(0, 4)]).toEqual([1, 1, 1, 1]);
    expect([...sin.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expectClose([...cos.subarray(12, 16)], [Math.cos(3), Math.cos(0.3), Math.cos(0.03), Math.cos(0.003)]);
    expectClose([...sin.subarray(12, 16)], [Math.sin(3), Math.sin(0.3), Math.sin(0.03), Math.sin(0.003)]);
  });

  it('carries the scale in both caches', () => {
    const { cos, sin } = ropeCaches(3, 2, 10000, { type: 'default' }, 0.5);
    expectClose([...cos], [0.5, 0.5 * Math.cos(1), 0.5 * Math.cos(2)]);
    expectClose([...sin], [0, 0.5 * Math.sin(1), 0.5 * Math.sin(2)]);
  });

  it('divides every frequency under linear scaling', () => {
    expectClose(frequencies(8, 10000, { type: 'linear', factor: 4 }), [0.25, 0.025, 0.0025, 0.00025]);
  });

  it('keeps fast pairs, divides slow ones and blends between them under llama3 scaling', () => {
    /*
     * theta 10000, d = 8: wavelengths 2 pi / f are 6.28, 62.8, 628 and 6283. Trained for 400 positions with low 1 and
     * high 8: below 400 / 8 = 50 kept; above 400 / 1 = 400 divided by 8; between, for 62.8:
     * smooth = (400 / 62.8319 - 1) / (8 - 1) = 0.766599, f = (1 - 0.766599) 0.1 / 8 + 0.766599 * 0.1 = 0.0795774.
     */
    const scaling = {
      type: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 8,
      originalMaxPositions: 400,
    } as const;
    expectClose(frequencies(8, 10000, scaling), [1, 0.0795774, 0.01 / 8, 0.001 / 8]);
  });

  it('is continuous at both edges of llama3 scaling', () => {
    const at = (originalMaxPositions: number): number =>
      frequencies(4, 10000, {
        type: 'llama3',
        factor: 8,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositions,
      })[1] ?? NaN;
    const wavelength = 2 * Math.PI * 100;
    for (const edge of [wavelength, 4 * wavelength]) {
      expect(Math.abs(at(Math.floor(edge)) - at(Math.ceil(edge)))).toBeLessThan(1e-5);
    }
    expect(at(Math.floor(wavelength))).toBeCloseTo(0.01 / 8, 5);
    expect(at(Math.ceil(4 * wavelength))).toBeCloseTo(0.01, 5);
  });
});

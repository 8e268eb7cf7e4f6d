import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { TopSingular } from '../../../../src/engine/spectra/triples';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';
import { RandomizedSvd } from '../../../../src/engine/spectra/randomizedSvd';
import { decompositionMethod, topSingular } from '../../../../src/engine/spectra/topSingular';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { capturedEnergy, orthogonalityError, transposed, withSpectrum, type Spectral } from './matrices';

const range = (count: number, at: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => at(i));

const RANK = 8;
const matrices: Readonly<Record<string, Spectral>> = {
  'a decaying': withSpectrum(
    90,
    70,
    range(70, (i) => 10 * Math.pow(0.9, i)),
  ),
  'a steeply decaying': withSpectrum(
    60,
    60,
    range(60, (i) => Math.pow(10, -i / 4)),
  ),
  'a wide': withSpectrum(
    40,
    150,
    range(40, (i) => 5 / (i + 1)),
  ),
  'a tall': withSpectrum(
    150,
    40,
    range(40, (i) => 5 / (i + 1)),
  ),
  'a clustered': withSpectrum(
    80,
    60,
    range(60, (i) => (i < 12 ? 3 : i < 30 ? 1 : 0.1)),
  ),
  'a large steep': withSpectrum(
    170,
    160,
    range(160, (i) => Math.pow(10, -i / 4)),
  ),
  'a large clustered': withSpectrum(
    160,
    170,
    range(160, (i) => (i < 12 ? 3 : i < 30 ? 1 : 0.1)),
  ),
  'a flat': withSpectrum(
    50,
    50,
    range(50, () => 2),
  ),
};
/** Fewer directions than the rank that is asked for. */
const deficient = withSpectrum(60, 50, [4, 3, 2]);
/** Its Gram matrix has a null space of 99 dimensions, over which general decompositions stumble. */
const constant: Spectral = {
  rows: 300,
  columns: 100,
  weight: new Float32Array(30000).fill(0.01),
  sigma: [Math.sqrt(3)],
};
const zero: Spectral = { rows: 30, columns: 20, weight: new Float32Array(600), sigma: [] };

let runtime: Runtime;
let svd: RandomizedSvd;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
  svd = new RandomizedSvd(runtime);
});
afterAll(async () => {
  await svd.dispose();
  await runtime.dispose();
});

const randomized = ({ weight, rows, columns }: Spectral, seed = 3, rank = RANK) => {
  const random = new RandomStream(seed, 'sketch');
  return svd.decompose(weight, rows, columns, rank, (count) => random.signs(count));
};

const expectDescending = (sigma: Float32Array): void => {
  expect([...sigma]).toEqual([...sigma].sort((a, b) => b - a));
};

const allFinite = (...parts: readonly Float32Array[]): boolean =>
  parts.every((part) => part.every(Number.isFinite));

describe.each(Object.entries(matrices))('%s matrix', (_, matrix) => {
  const { rows, columns, sigma, weight } = matrix;
  const best = sigma.slice(0, RANK).reduce((sum, value) => sum + value * value, 0);

  const expectSound = (found: TopSingular): void => {
    expect([found.u.length, found.sigma.length, found.vt.length]).toEqual([
      rows * RANK,
      RANK,
      RANK * columns,
    ]);
    expectDescending(found.sigma);
    expect(orthogonalityError(found.u, rows, RANK)).toBeLessThan(1e-4);
    expect(orthogonalityError(transposed(found.vt, RANK, columns), columns, RANK)).toBeLessThan(1e-4);
  };

  it('is decomposed exactly in f64', () => {
    const found = exactTopSingular(weight, rows, columns, RANK);
    expectSound(found);
    found.sigma.forEach((value, k) => {
      expect(Math.abs(value - (sigma[k] ?? NaN))).toBeLessThan(1e-5 * (sigma[0] ?? 1));
    });
    expect(capturedEnergy(matrix, found) / best).toBeCloseTo(1, 5);
  });

  it('is decomposed by random sketches to nearly the energy there is', async () => {
    const found = await randomized(matrix);
    expectSound(found);
    expect(capturedEnergy(matrix, found) / best).toBeGreaterThan(0.999);
    expect(capturedEnergy(matrix, found) / best).toBeLessThan(1 + 1e-4);
  });

  it('has a true singular value within the error bound of each that is found', async () => {
    const found = await randomized(matrix);
    const roundOff = 1e-5 * (sigma[0] ?? 1);
    for (const value of found.sigma) {
      const nearest = Math.min(...sigma.map((exact) => Math.abs(exact - value)));
      expect(nearest).toBeLessThanOrEqual(found.errorBound + roundOff);
    }
  });
});

describe('the error bound', () => {
  it('is small where the spectrum decays, and says so where it does not', async () => {
    const steep = matrices['a steeply decaying'] ?? zero;
    expect((await randomized(steep)).errorBound).toBeLessThan(1e-4);
    const mixed = withSpectrum(
      310,
      300,
      range(300, (i) => 3 - i / 1000),
    );
    const found = await randomized(mixed);
    expect(found.errorBound).toBeGreaterThan(0.01);
  });
});

describe('a flat spectrum', () => {
  // As those of trained weights are: the values around the last that is wanted are hardly told apart.
  const flat = withSpectrum(
    220,
    200,
    range(200, (i) => 2 - i / 110),
  );
  const best = flat.sigma.slice(0, RANK).reduce((sum, value) => sum + value * value, 0);

  it('gives in a few passes what powers would need many for', async () => {
    const found = await randomized(flat);
    expect(capturedEnergy(flat, found) / best).toBeGreaterThan(0.998);
    expect(found.errorBound).toBeLessThan(0.05);
  });

  it.each([2, 3, 4, 6])('gives more with each pass: %i', async (powerIterations) => {
    const shares: number[] = [];
    for (const passes of [powerIterations, powerIterations + 1]) {
      const other = new RandomizedSvd(runtime, { oversampling: 10, powerIterations: passes });
      const random = new RandomStream(5, 'sketch');
      const found = await other.decompose(flat.weight, 220, 200, RANK, (count) => random.signs(count));
      shares.push(capturedEnergy(flat, found) / best);
      for (const value of found.sigma) {
        const nearest = Math.min(...flat.sigma.map((exact) => Math.abs(exact - value)));
        expect(nearest).toBeLessThanOrEqual(found.errorBound + 1e-5);
      }
      await other.dispose();
    }
    expect(shares[1]).toBeGreaterThan(shares[0] ?? NaN);
    expect(shares[1]).toBeLessThan(1 + 1e-5);
  });
});

describe('a few directions far above the rest', () => {
  it.each([1e2, 1e4])('leave the rest as it is: %d times', async (above) => {
    const sigma = range(160, (i) => (i < 3 ? above * (3 - i) : 2 - i / 100));
    const matrix = withSpectrum(170, 160, sigma);
    const found = await randomized(matrix);
    sigma.slice(0, RANK).forEach((value, k) => {
      expect(Math.abs((found.sigma[k] ?? NaN) - value)).toBeLessThan(0.05 + 1e-5 * above);
    });
    expect(found.errorBound).toBeLessThan(0.5 + 1e-5 * above);
  });
});

describe('a matrix that has no decomposition', () => {
  it('is refused, and the next is decomposed', async () => {
    const bad = { ...zero, rows: 150, columns: 140, weight: new Float32Array(150 * 140).fill(NaN) };
    await expect(randomized(bad)).rejects.toThrow('do not converge');
    expect((await randomized(deficient)).sigma[0]).toBeCloseTo(4, 4);
  });
});

describe('a sketch as wide as the matrix', () => {
  it('is the whole decomposition, and draws nothing', async () => {
    const small = withSpectrum(
      14,
      40,
      range(14, (i) => 3 - i / 10),
    );
    const found = await svd.decompose(small.weight, 14, 40, 6, () => {
      throw new Error('nothing is to be drawn');
    });
    found.sigma.forEach((value, k) => expect(value).toBeCloseTo(small.sigma[k] ?? NaN, 5));
    expect(found.errorBound).toBeLessThan(1e-5);
  });
});

describe('the seed', () => {
  it('decides every bit', async () => {
    const matrix = withSpectrum(
      310,
      300,
      range(300, (i) => 3 - i / 100),
    );
    const [first, again, other] = [
      await randomized(matrix, 7),
      await randomized(matrix, 7),
      await randomized(matrix, 8),
    ];
    expect(again).toEqual(first);
    expect(other.u).not.toEqual(first.u);
  });
});

describe.each([
  ['a matrix of lower rank', deficient],
  ['a large matrix of lower rank', withSpectrum(170, 160, [4, 3, 2])],
  ['a matrix of equal numbers', constant],
  ['a wide one of equal numbers', { ...constant, rows: 100, columns: 300 }],
  ['a zero matrix', zero],
])('%s', (_, matrix) => {
  const { rows, columns, weight, sigma } = matrix;

  const expectUsable = (found: TopSingular): void => {
    expect(allFinite(found.u, found.sigma, found.vt)).toBe(true);
    range(RANK, (k) => sigma[k] ?? 0).forEach((value, k) => expect(found.sigma[k]).toBeCloseTo(value, 4));
    // No direction is longer than a unit vector: a method that starts from it would be thrown off.
    for (let k = 0; k < RANK; k++) {
      const right = found.vt.subarray(k * columns, (k + 1) * columns);
      const left = range(rows, (i) => found.u[i * RANK + k] ?? NaN);
      for (const vector of [right, left]) {
        expect(Math.hypot(...vector)).toBeLessThan(1 + 1e-3);
      }
    }
    const real = sigma.length;
    const energy = sigma.reduce((sum, value) => sum + value * value, 0);
    expect(capturedEnergy(matrix, found)).toBeCloseTo(energy, 3);
    if (real === 0) return;
    const leftVectors = Float32Array.from(
      range(rows * real, (i) => found.u[Math.floor(i / real) * RANK + (i % real)] ?? NaN),
    );
    expect(orthogonalityError(leftVectors, rows, real)).toBeLessThan(1e-4);
  };

  it('is decomposed exactly without a number that is none', () => {
    expectUsable(exactTopSingular(weight, rows, columns, RANK));
  });

  it('is decomposed by random sketches without a number that is none', async () => {
    const found = await randomized(matrix);
    expectUsable(found);
    expect(Number.isFinite(found.errorBound)).toBe(true);
  });
});

describe('topSingular', () => {
  it('decomposes small matrices exactly and large ones by sketches', async () => {
    expect(decompositionMethod(4096, 128)).toBe('exact');
    expect(decompositionMethod(129, 129)).toBe('randomized');
    const draws: number[] = [];
    const normal = (count: number): Float32Array => {
      draws.push(count);
      return new RandomStream(1, 'sketch').signs(count);
    };
    const small = matrices['a tall'] ?? zero;
    const exact = await topSingular(svd, small.weight, small.rows, small.columns, 4, normal);
    expect(exact.errorBound).toBe(0);
    expect(draws).toEqual([]);
    const large = withSpectrum(
      140,
      130,
      range(20, (i) => 20 - i),
    );
    const found = await topSingular(svd, large.weight, large.rows, large.columns, 4, normal);
    expect(draws).toEqual([130 * 16]);
    expect(found.sigma[0]).toBeCloseTo(20, 3);
  });
});

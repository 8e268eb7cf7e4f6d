import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { multiply } from '../../../../src/engine/adapters/factors';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';
import {
  implicitPasses,
  implicitTopSingular,
  type ImplicitMatrices,
  type ImplicitSize,
  type Matrices,
} from '../../../../src/engine/spectra/implicitSvd';
import type { ApproximateSvd } from '../../../../src/engine/spectra/randomizedSvd';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { capturedEnergy, orthogonalityError, transposed, withSpectrum, type Spectral } from './matrices';

const SETTINGS = { oversampling: 10, powerIterations: 1 };

/** Products with matrices that are there, as those with a gradient are made without it. */
class DenseMatrices implements ImplicitMatrices {
  passes = 0;

  constructor(private readonly dense: Readonly<Record<string, Spectral>>) {}

  times(x: Matrices): Promise<Matrices> {
    return this.each((name, { weight, rows, columns }) => {
      const right = x.get(name) ?? new Float32Array();
      const q = right.length / columns;
      return multiply(weight, transposed(right, q, columns), rows, columns, q);
    });
  }

  adjointTimes(x: Matrices): Promise<Matrices> {
    return this.each((name, { weight, rows, columns }) => {
      const left = x.get(name) ?? new Float32Array();
      const q = left.length / rows;
      return multiply(transposed(left, rows, q), weight, q, rows, columns);
    });
  }

  private each(product: (name: string, matrix: Spectral) => Float32Array): Promise<Matrices> {
    this.passes++;
    return Promise.resolve(
      new Map(Object.entries(this.dense).map(([name, matrix]) => [name, product(name, matrix)])),
    );
  }
}

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
});
afterAll(() => runtime.dispose());

async function decompose(
  dense: Readonly<Record<string, Spectral>>,
  ranks: Readonly<Record<string, number>>,
  { seed = 3, powerIterations = 1 } = {},
) {
  const matrices = new DenseMatrices(dense);
  const sizes = new Map<string, ImplicitSize>(
    Object.entries(dense).map(([name, { rows, columns }]) => [
      name,
      { outputs: rows, inputs: columns, rank: ranks[name] ?? 0 },
    ]),
  );
  const found = await implicitTopSingular(
    runtime,
    matrices,
    sizes,
    { ...SETTINGS, powerIterations },
    (name, count) => new RandomStream(seed, name).normals(count),
  );
  const of = (name: string): ApproximateSvd => {
    const triples = found.get(name);
    if (triples === undefined) throw new Error(`${name} was not decomposed`);
    return triples;
  };
  return { of, passes: matrices.passes };
}

const falling = (count: number, by: number): number[] =>
  Array.from({ length: count }, (_, i) => 10 * Math.pow(by, i));

const dense = {
  tall: withSpectrum(120, 40, falling(40, 0.7), 1),
  wide: withSpectrum(50, 140, falling(50, 0.8), 5),
  tiny: withSpectrum(
    60,
    50,
    falling(50, 0.6).map((value) => value * 1e-6),
    9,
  ),
};
const ranks = { tall: 6, wide: 9, tiny: 4 };

describe('matrices of unlike sizes and ranks, together', () => {
  it.each(['tall', 'wide', 'tiny'] as const)(
    'are decomposed to nearly the energy there is: %s',
    async (name) => {
      const matrix = dense[name];
      const rank = ranks[name];
      const found = (await decompose(dense, ranks)).of(name);
      expect([found.u.length, found.sigma.length, found.vt.length]).toEqual([
        matrix.rows * rank,
        rank,
        rank * matrix.columns,
      ]);
      expect(orthogonalityError(found.u, matrix.rows, rank)).toBeLessThan(1e-4);
      expect(
        orthogonalityError(transposed(found.vt, rank, matrix.columns), matrix.columns, rank),
      ).toBeLessThan(1e-4);
      const best = matrix.sigma.slice(0, rank).reduce((sum, value) => sum + value * value, 0);
      expect(capturedEnergy(matrix, found) / best).toBeGreaterThan(0.9999);
      expect([...found.sigma]).toEqual([...found.sigma].sort((a, b) => b - a));
    },
  );

  it.each(['tall', 'wide', 'tiny'] as const)(
    'have a true value within the bound of each: %s',
    async (name) => {
      const { sigma } = dense[name];
      for (const powerIterations of [0, 1]) {
        const found = (await decompose(dense, ranks, { powerIterations })).of(name);
        expect(found.errorBound).toBeGreaterThan(0);
        for (const value of found.sigma) {
          const nearest = Math.min(...sigma.map((exact) => Math.abs(exact - value)));
          expect(nearest).toBeLessThanOrEqual(found.errorBound + 1e-5 * (sigma[0] ?? 1));
        }
      }
    },
  );

  it('need as many products as are announced, each for all of them', async () => {
    for (const powerIterations of [0, 1, 3]) {
      const { passes } = await decompose(dense, ranks, { powerIterations });
      expect(passes).toBe(implicitPasses({ ...SETTINGS, powerIterations }));
    }
  });

  it('are decomposed as if each were alone', async () => {
    const together = (await decompose(dense, ranks)).of('wide');
    expect((await decompose({ wide: dense.wide }, ranks)).of('wide')).toEqual(together);
  });
});

it('a power iteration brings the bound down', async () => {
  const matrix = { flat: withSpectrum(150, 130, falling(130, 0.97)) };
  const bound = async (powerIterations: number): Promise<number> =>
    (await decompose(matrix, { flat: 8 }, { powerIterations })).of('flat').errorBound;
  expect(await bound(1)).toBeLessThan(0.5 * (await bound(0)));
});

it('the seed decides every bit', async () => {
  const [first, again, other] = [
    await decompose(dense, ranks, { seed: 7 }),
    await decompose(dense, ranks, { seed: 7 }),
    await decompose(dense, ranks, { seed: 8 }),
  ];
  expect(again.of('wide')).toEqual(first.of('wide'));
  expect(other.of('wide').u).not.toEqual(first.of('wide').u);
});

it('a sketch as wide as the matrix is the whole decomposition', async () => {
  const small = withSpectrum(12, 30, falling(12, 0.9));
  const found = (await decompose({ small }, { small: 5 }, { powerIterations: 0 })).of('small');
  const exact = exactTopSingular(small.weight, 12, 30, 5);
  exact.sigma.forEach((value, k) => expect(found.sigma[k]).toBeCloseTo(value, 4));
  expect(found.errorBound).toBeLessThan(1e-4);
});

it.each([
  ['fewer directions than are asked for', withSpectrum(60, 50, [4, 3, 2])],
  ['nothing in it', { rows: 30, columns: 20, weight: new Float32Array(600), sigma: [] }],
])('a matrix with %s gives no number that is none', async (_, matrix) => {
  const found = (await decompose({ matrix }, { matrix: 6 })).of('matrix');
  for (const part of [found.u, found.sigma, found.vt]) expect(part.every(Number.isFinite)).toBe(true);
  for (let k = 0; k < 6; k++) {
    expect(found.sigma[k]).toBeCloseTo(matrix.sigma[k] ?? 0, 4);
    const right = found.vt.subarray(k * matrix.columns, (k + 1) * matrix.columns);
    expect(Math.hypot(...right)).toBeLessThan(1 + 1e-3);
  }
  expect(found.errorBound).toBeLessThan(1e-4);
});

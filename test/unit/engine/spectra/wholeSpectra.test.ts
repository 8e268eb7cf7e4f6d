import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { RandomStream } from '../../../../src/base/random';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { eigenvalueBound, singularValueBound } from '../../../../src/engine/spectra/errorBound';
import { WholeSpectra, type NamedMatrix, type Spectrum } from '../../../../src/engine/spectra/wholeSpectra';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { transposed, withSpectrum } from './matrices';

let runtime: Runtime;
let spectra: WholeSpectra;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
  spectra = new WholeSpectra(runtime);
});
afterAll(async () => {
  await spectra.dispose();
  await runtime.dispose();
});

const named = (rows: number, columns: number, data: ArrayLike<number>): NamedMatrix => ({
  name: 'w',
  rows,
  columns,
  data: Float32Array.from(data),
});
const random = (rows: number, columns: number, seed = 1): NamedMatrix =>
  named(rows, columns, new RandomStream(seed, 'matrix').normals(rows * columns));
const transpose = ({ rows, columns, data }: NamedMatrix): NamedMatrix =>
  named(columns, rows, transposed(data, rows, columns));
const energyOf = ({ data }: NamedMatrix): number => data.reduce((sum, value) => sum + value * value, 0);
/** The greatest distance between two spectra, in units of the bounds of both. */
const apart = (a: Spectrum, b: Spectrum): number =>
  a.values.reduce(
    (most, value, i) =>
      Math.max(most, Math.abs(value - (b.values[i] ?? NaN)) / ((a.bounds[i] ?? NaN) + (b.bounds[i] ?? NaN))),
    0,
  );

describe('a whole spectrum', () => {
  it.each([
    ['tall', 70, 30],
    ['wide', 30, 70],
    ['square', 64, 64],
    ['of several blocks', 400, 301],
    ['one row', 1, 50],
    ['one column', 50, 1],
    ['one number', 1, 1],
  ])('has the energy of its matrix: %s', async (_, rows, columns) => {
    const matrix = random(rows, columns);
    const { values, frobenius, bounds, errorBound } = await spectra.of(matrix);
    expect(values).toHaveLength(Math.min(rows, columns));
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
    expect(values.reduce((sum, value) => sum + value * value, 0) / energyOf(matrix)).toBeCloseTo(1, 12);
    expect(frobenius ** 2 / energyOf(matrix)).toBeCloseTo(1, 12);
    expect(Math.max(...bounds)).toBe(errorBound);
    expect(errorBound).toBeLessThan(1e-5 * (values[0] ?? 0));
  });

  it.each([
    ['flat', Array.from({ length: 40 }, () => 2)],
    ['clustered', Array.from({ length: 40 }, (_, i) => (i < 10 ? 3 : i < 25 ? 1 : 0.1))],
    ['of low rank', [5, 4, 3]],
    ['of a huge condition number', Array.from({ length: 40 }, (_, i) => 10 ** (-i / 4))],
  ])('has the values its matrix was made of: %s', async (_, sigma) => {
    const found = await spectra.of({ name: 'w', ...withSpectrum(60, 40, sigma), ...asData(sigma) });
    for (const [i, value] of found.values.entries()) {
      // Rounding the matrix to f32 moved its values, by 6e-8 of its Frobenius norm at most.
      expect(Math.abs(value - (sigma[i] ?? 0))).toBeLessThan((found.bounds[i] ?? 0) + 6e-8 * found.frobenius);
    }
  });

  it('of zeros is zero', async () => {
    const found = await spectra.of(named(7, 5, new Float32Array(35)));
    expect(found).toEqual({
      values: new Float64Array(5),
      frobenius: 0,
      bounds: new Float64Array(5),
      errorBound: 0,
    });
  });

  it('of nothing is nothing', async () => {
    expect((await spectra.of(named(0, 5, []))).values).toHaveLength(0);
  });

  it.each([1e-45, 1e-38, 1e-30, 1e30])('keeps its form at the scale %d', async (scale) => {
    const sizes = [4, 3];
    const found = await spectra.of(named(3, 2, [4 * scale, 0, 0, 3 * scale, 0, 0]));
    const exact = sizes.map((size) => Math.fround(size * scale));
    exact.forEach((value, i) => expect((found.values[i] ?? 0) / value).toBeCloseTo(1, 12));
    const matrix = random(20, 10);
    const scaled = named(
      20,
      10,
      matrix.data.map((value) => value * scale),
    );
    const [plain, other] = [await spectra.of(matrix), await spectra.of(scaled)];
    const tolerance = scale < 1e-40 ? 1 : 1e-6;
    other.values.forEach((value, i) =>
      expect(Math.abs(value / scale - (plain.values[i] ?? NaN))).toBeLessThan(tolerance * plain.frobenius),
    );
  });

  it('is the same, bit by bit, each time', async () => {
    const matrix = random(150, 133);
    expect(await spectra.of(matrix)).toEqual(await spectra.of(matrix));
  });

  it.each([NaN, Infinity, -Infinity])('of a matrix with %d is refused', async (number) => {
    const data = new Float32Array(12).fill(1);
    data[7] = number;
    const refused = spectra.of({ name: 'model.q_proj.weight', rows: 3, columns: 4, data });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(
      `tensor 'model.q_proj.weight': a matrix with a number that is not finite has no singular values; got ${number} in row 1, column 3`,
    );
  });
});

/** `withSpectrum` calls its numbers `weight`. */
function asData(sigma: readonly number[]): { readonly data: Float32Array } {
  return { data: withSpectrum(60, 40, sigma).weight };
}

describe('any spectrum', () => {
  const matrices = fc
    .record({ rows: fc.integer({ min: 1, max: 24 }), columns: fc.integer({ min: 1, max: 24 }) })
    .chain(({ rows, columns }) =>
      fc
        .array(fc.oneof(fc.constant(0), fc.float({ noNaN: true, min: -8, max: 8 })), {
          minLength: rows * columns,
          maxLength: rows * columns,
        })
        .map((numbers) => named(rows, columns, numbers)),
    );

  it('has the energy of its matrix', () =>
    fc.assert(
      fc.asyncProperty(matrices, async (matrix) => {
        const { values, frobenius } = await spectra.of(matrix);
        const energy = energyOf(matrix);
        const error = Math.abs(values.reduce((sum, value) => sum + value * value, 0) - energy);
        expect(error).toBeLessThanOrEqual(1e-13 * energy);
        expect(Math.abs(frobenius ** 2 - energy)).toBeLessThanOrEqual(1e-13 * energy);
      }),
      { numRuns: 60 },
    ));

  it('is that of the transposed matrix', () =>
    fc.assert(
      fc.asyncProperty(matrices, async (matrix) => {
        const [one, other] = [await spectra.of(matrix), await spectra.of(transpose(matrix))];
        if (one.frobenius > 0) expect(apart(one, other)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    ));

  it('stays when rows change places and signs', () =>
    fc.assert(
      fc.asyncProperty(matrices, fc.integer(), async (matrix, seed) => {
        const { rows, columns, data } = matrix;
        const draw = new RandomStream(seed >>> 0, 'order').normals(rows);
        const order = [...draw.keys()].sort((i, j) => (draw[i] ?? 0) - (draw[j] ?? 0));
        const moved = order.flatMap((i) =>
          Array.from(data.subarray(i * columns, (i + 1) * columns), (value) =>
            (draw[i] ?? 0) < 0 ? -value : value,
          ),
        );
        const [one, other] = [await spectra.of(matrix), await spectra.of(named(rows, columns, moved))];
        if (one.frobenius > 0) expect(apart(one, other)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    ));

  it('is scaled with its matrix, by a power of two exactly', () =>
    fc.assert(
      fc.asyncProperty(matrices, fc.integer({ min: -60, max: 60 }), async (matrix, power) => {
        const scale = 2 ** power;
        const scaled = matrix.data.map((value) => value * scale);
        // Below the smallest normal number of f32 a power of two is not exact.
        if (scaled.some((value, i) => value / scale !== matrix.data[i])) return;
        const one = await spectra.of(matrix);
        const other = await spectra.of(named(matrix.rows, matrix.columns, scaled));
        expect(other.values).toEqual(one.values.map((value) => value * scale));
      }),
      { numRuns: 60 },
    ));
});

describe('many matrices', () => {
  it('come in their order, and are asked for as they are needed', async () => {
    const list = [random(30, 20, 1), random(5, 40, 2), random(64, 64, 3), random(1, 3, 4)];
    let asked = 0;
    const given = (function* (): Generator<NamedMatrix> {
      for (const matrix of list) {
        asked++;
        yield matrix;
      }
    })();
    const lead: number[] = [];
    const found: Spectrum[] = [];
    for await (const { matrix, spectrum } of spectra.all(given)) {
      expect(matrix).toBe(list[found.length]);
      found.push(spectrum);
      lead.push(asked - found.length);
    }
    expect(found).toEqual(await Promise.all(list.map((matrix) => spectra.of(matrix))));
    expect(Math.max(...lead)).toBe(1);
  });

  it('end with the first that has no spectrum', async () => {
    const bad = { ...random(4, 4), name: 'bad', data: new Float32Array(16).fill(NaN) };
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const { matrix } of spectra.all([random(4, 4), bad, random(4, 4), random(4, 4)]))
        seen.push(matrix.name);
    };
    await expect(run()).rejects.toThrow("tensor 'bad'");
    expect(seen).toEqual(['w']);
  });
});

describe('the bound of an eigenvalue', () => {
  it('is that of adding up, by the worst case or by chance, and of the reductions', () => {
    const u = 2 ** -53;
    // Of 16 products the worst case is less than 10 sqrt(16); of 400 it is more than 10 sqrt(400).
    expect(eigenvalueBound(3, 0, 16, 5) / u).toBeCloseTo(1.01 * 16 * 9, 10);
    expect(eigenvalueBound(3, 0, 400, 5) / u).toBeCloseTo(200 * 9, 10);
    expect(eigenvalueBound(0, 7, 400, 5) / u).toBeCloseTo(10 * 5 * 7, 10);
  });
});

describe('the bound of a singular value', () => {
  it('is what the root makes of that of its square', () => {
    expect(singularValueBound(10, 1)).toBeCloseTo(10 - Math.sqrt(99), 12);
    expect(singularValueBound(0, 1)).toBe(1);
    expect(singularValueBound(1, 1)).toBe(1);
    expect(singularValueBound(0.5, 1)).toBeCloseTo(Math.sqrt(1.25) - 0.5, 12);
    expect(singularValueBound(0, 0)).toBe(0);
  });

  it('holds for every square within the bound', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (value, bound, sign) => {
          const exact = Math.sqrt(Math.max(0, value * value + sign * bound));
          expect(Math.abs(exact - value)).toBeLessThanOrEqual(
            singularValueBound(value, bound) * (1 + 1e-12) + 1e-16,
          );
        },
      ),
    ));
});

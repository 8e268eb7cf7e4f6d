import { Matrix } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../../../src/base/errors';
import type { Runtime } from '../../../../../src/engine/graph/runtime';
import { ChangeSpectra } from '../../../../../src/engine/spectra/change/changeSpectra';
import type { FactoredChange } from '../../../../../src/engine/spectra/change/products';
import { gramFactor } from '../../../../../src/engine/spectra/change/semidefinite';
import { effectiveRank, stableRank } from '../../../../../src/engine/spectra/measures';
import { createRuntime } from '../../../../../src/runtime/onnxRuntime';
import { orthogonalityError, transposed } from '../matrices';
import { changeOf, dense, energy, randomChange, svd, topOfChange } from './dense';

let runtime: Runtime;
let spectra: ChangeSpectra;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
  spectra = new ChangeSpectra(runtime);
});
afterAll(async () => {
  await spectra.dispose();
  await runtime.dispose();
});

const scaled = (change: FactoredChange, factor: number): FactoredChange => ({
  ...change,
  b: change.b.map((value) => value * factor),
});
/** Columns 2 and 3 of B are those before them, and so are two rows of A: half of the directions are not there. */
const deficient = ((): FactoredChange => {
  const { b, a, ...rest } = randomChange(30, 24, 4);
  const half = (column: number): number => column % 2;
  return changeOf(
    rest.outputs,
    rest.inputs,
    8,
    (i, k) => b[i * 4 + half(k)] ?? NaN,
    (k, j) => a[half(k) * 24 + j] ?? NaN,
  );
})();
/** Two large parts of which the one takes the other away, but for a thousandth. */
const cancelling = ((): FactoredChange => {
  const { b, a, ...rest } = randomChange(40, 30, 6);
  const turned = randomChange(40, 30, 6, 9);
  return changeOf(
    rest.outputs,
    rest.inputs,
    12,
    (i, k) =>
      k < 6 ? (b[i * 6 + k] ?? NaN) + 1e-3 * (turned.b[i * 6 + k] ?? NaN) : -(b[i * 6 + k - 6] ?? NaN),
    (k, j) => a[(k % 6) * 30 + j] ?? NaN,
  );
})();

const changes: Readonly<Record<string, FactoredChange>> = {
  'a tall one': randomChange(90, 30, 8),
  'a wide one': randomChange(24, 100, 8),
  'a square one': randomChange(50, 50, 16),
  'one of rank 1': randomChange(20, 30, 1),
  'one with fewer directions than factors': deficient,
  'one whose parts cancel': cancelling,
  'one with more factors than rows': randomChange(6, 40, 16),
  'one with more factors than columns': randomChange(40, 6, 16),
  'one with more factors than either': randomChange(5, 7, 12),
  'a row': randomChange(1, 30, 4),
  'a number': randomChange(1, 1, 3),
  'a steep one': changeOf(
    40,
    40,
    10,
    (i, k) => Math.cos((i + 1) * (k + 1)) * 10 ** -k,
    (k, j) => Math.sin((j + 2) * (k + 3)),
  ),
  'a tiny one': scaled(randomChange(30, 40, 6), 1e-25),
  'a huge one': scaled(randomChange(30, 40, 6), 1e25),
};

describe.each(Object.entries(changes))('%s', (_, change) => {
  const { outputs, inputs, rank } = change;
  const exact = svd(dense(change));
  const first = exact.values[0] ?? NaN;

  it('has the singular values of the product, and 0 beyond them', async () => {
    const found = await spectra.of(change);
    expect(found.values).toHaveLength(Math.min(rank, outputs, inputs));
    exact.values.forEach((value, i) => {
      const error = Math.abs((found.values[i] ?? 0) - value);
      expect(error).toBeLessThanOrEqual(1e-6 * first);
      expect(error).toBeLessThanOrEqual(found.errorBound + 1e-14 * first);
    });
    expect([...found.values]).toEqual([...found.values].sort((a, b) => b - a));
  });

  it('has the measures of the product', async () => {
    const found = await spectra.of(change);
    const norm = Math.sqrt(energy(dense(change)));
    expect(found.frobenius / norm).toBeCloseTo(1, 9);
    const { values, frobenius } = found;
    expect(stableRank(values, frobenius) / (norm / first) ** 2).toBeCloseTo(1, 6);
    expect(effectiveRank(values) / effectiveRank(exact.values)).toBeCloseTo(1, 4);
  });

  it('has directions that are orthonormal, and that give the product again', async () => {
    const found = await spectra.of(change);
    const n = found.values.length;
    const { u, sigma, vt } = topOfChange(change, found, n);
    const { count } = found;
    const left = Matrix.from1DArray(outputs, n, Array.from(u)).subMatrix(0, outputs - 1, 0, count - 1);
    const right = Matrix.from1DArray(n, inputs, Array.from(vt)).subMatrix(0, count - 1, 0, inputs - 1);
    expect(orthogonalityError(Float32Array.from(left.to1DArray()), outputs, count)).toBeLessThan(1e-4);
    const columns = transposed(Float32Array.from(right.to1DArray()), count, inputs);
    expect(orthogonalityError(columns, inputs, count)).toBeLessThan(1e-4);
    const again = left.mmul(Matrix.diag([...sigma.subarray(0, count)])).mmul(right);
    const rest = again.sub(dense(change)).abs().max();
    expect(rest).toBeLessThan(1e-6 * first);
  });
});

describe('a change that is none', () => {
  const nothing = randomChange(20, 30, 4);
  it.each([
    ['zero factors', { ...nothing, b: new Float32Array(80) }],
    ['no factors', { ...nothing, rank: 0, a: new Float32Array(), b: new Float32Array() }],
    [
      'parts that cancel to the last bit',
      changeOf(
        20,
        30,
        2,
        (i, k) => (nothing.b[i * 4] ?? NaN) * (k === 0 ? 1 : -1),
        (_, j) => nothing.a[j] ?? NaN,
      ),
    ],
  ])('has no directions: %s', async (_, change) => {
    const found = await spectra.of(change);
    expect([...found.values].every((value) => value === 0)).toBe(true);
    expect([found.count, found.frobenius]).toEqual([0, 0]);
    const { u, vt } = topOfChange(change, found, 2);
    expect([...u, ...vt].every((value) => value === 0)).toBe(true);
    expect([stableRank(found.values, 0), effectiveRank(found.values)]).toEqual([0, 0]);
  });

  it.each([NaN, Infinity])('is refused where a factor is %s', async (value) => {
    const broken = { ...nothing, b: nothing.b.map((old, i) => (i === 7 ? value : old)) };
    await expect(spectra.of(broken)).rejects.toThrow(InputError);
    await expect(spectra.of(broken)).rejects.toThrow("tensor 'w': a change with a number that is not finite");
  });
});

describe('the factor of a Gram matrix', () => {
  it.each([
    [30, 6, 6],
    [4, 12, 4],
    [1, 5, 1],
    [7, 7, 7],
  ])('of vectors of %i numbers, %i of them, has %i rows and their products', (length, count, rows) => {
    const { b } = randomChange(length, 1, count);
    const vectors = Matrix.from1DArray(length, count, Array.from(b));
    const norms = Array.from({ length: count }, (_, j) =>
      Math.sqrt(energy(vectors.subMatrix(0, length - 1, j, j))),
    );
    const unit = vectors.mmul(Matrix.diag(norms.map((norm) => 1 / norm)));
    const gram = unit.transpose().mmul(unit);
    const found = gramFactor(Float64Array.from(gram.to1DArray()), count);
    expect(found.rows).toBe(rows);
    const factor = Matrix.from1DArray(rows, count, Array.from(found.factor));
    expect(factor.transpose().mmul(factor).sub(gram).abs().max()).toBeLessThan(1e-14);
  });
});

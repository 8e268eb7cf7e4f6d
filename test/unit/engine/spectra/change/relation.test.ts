import { Matrix } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../../../../src/engine/graph/runtime';
import { ChangeSpectra } from '../../../../../src/engine/spectra/change/changeSpectra';
import { relateDense } from '../../../../../src/engine/spectra/change/difference';
import type { FactoredChange } from '../../../../../src/engine/spectra/change/products';
import type { Relation } from '../../../../../src/engine/spectra/change/relation';
import { exactTopSingular } from '../../../../../src/engine/spectra/exactSvd';
import { createRuntime } from '../../../../../src/runtime/onnxRuntime';
import { withSpectrum } from '../matrices';
import { changeOf, dense, energy, randomChange, svd } from './dense';

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

const sigma = (n: number): number[] => Array.from({ length: n }, (_, i) => (1 + i) ** -0.8);

/** A relation by whole decompositions of the weight and of the product. */
function reference(weight: Matrix, change: Matrix, rank: number, known: number): Relation {
  const [w, own] = [svd(weight), svd(change)];
  const whole = Math.sqrt(energy(change));
  const there = own.values.filter((value, i) => i < rank && value > 1e-9 * whole).length;
  const cosines = w.u.transpose().mmul(own.u);
  const overlaps = Float64Array.from({ length: known }, (_, k) =>
    there === 0 ? 0 : energy(cosines.subMatrix(0, k, 0, there - 1)) / rank,
  );
  const top = (matrix: Matrix): Matrix => matrix.subMatrix(0, matrix.rows - 1, 0, rank - 1);
  const inside = energy(top(w.u).transpose().mmul(change).mmul(top(w.v)));
  const fresh = whole === 0 ? 0 : 1 - inside / whole ** 2;
  return { rank, overlap: overlaps[rank - 1] ?? NaN, fresh, overlaps };
}

interface Case {
  readonly change: FactoredChange;
  readonly rank: number;
  readonly known: number;
}

const cases: Readonly<Record<string, Case>> = {
  'random factors': { change: randomChange(40, 30, 5), rank: 5, known: 12 },
  'twice as many factors as the rank': { change: randomChange(30, 40, 10), rank: 5, known: 5 },
  'fewer directions than the rank': { change: randomChange(30, 40, 2), rank: 4, known: 8 },
  'more directions than the matrix has': { change: randomChange(6, 40, 9), rank: 6, known: 6 },
};

describe.each(Object.entries(cases))('the relation of a change with %s', (_, { change, rank, known }) => {
  const { outputs, inputs } = change;
  const { weight } = withSpectrum(outputs, inputs, sigma(Math.min(outputs, inputs)));
  const top = exactTopSingular(weight, outputs, inputs, known);
  const exact = reference(
    Matrix.from1DArray(outputs, inputs, Array.from(weight)),
    dense(change),
    rank,
    known,
  );

  it('is that of whole decompositions', async () => {
    const { relation: found } = await spectra.related(change, { ...top, known, rank });
    expect(found.rank).toBe(rank);
    expect(found.overlap).toBeCloseTo(exact.overlap, 5);
    expect(found.fresh).toBeCloseTo(exact.fresh, 5);
    expect(found.overlaps).toHaveLength(known);
    found.overlaps.forEach((share, k) => {
      expect(share).toBeCloseTo(exact.overlaps[k] ?? NaN, 5);
      expect(share).toBeGreaterThanOrEqual(found.overlaps[k - 1] ?? 0);
    });
  });
});

describe('the relation', () => {
  const { weight } = withSpectrum(30, 20, sigma(20));
  const top = exactTopSingular(weight, 30, 20, 6);
  const along = (first: number): FactoredChange =>
    changeOf(
      30,
      20,
      3,
      (i, k) => top.u[i * 6 + first + k] ?? NaN,
      (k, j) => top.vt[(first + k) * 20 + j] ?? NaN,
    );
  const relate = async (change: FactoredChange): Promise<Relation> =>
    (await spectra.related(change, { ...top, known: 6, rank: 3 })).relation;

  it('is 1 and nothing new for a change along the weight’s own directions', async () => {
    const found = await relate(along(0));
    expect(found.overlap).toBeCloseTo(1, 5);
    expect(found.fresh).toBeCloseTo(0, 5);
    expect(found.overlap).toBeLessThanOrEqual(1);
  });

  it('is 0 and all new for one along others, which are found among more of the weight’s', async () => {
    const found = await relate(along(3));
    expect(found.overlap).toBeCloseTo(0, 5);
    expect(found.fresh).toBeCloseTo(1, 5);
    expect([...found.overlaps].map((share) => Math.round(share * 1e4) / 1e4)).toEqual([
      0, 0, 0, 0.3333, 0.6667, 1,
    ]);
  });

  it('calls new what leaves the weight’s directions on one side alone', async () => {
    const mixed = { ...along(0), a: along(3).a };
    const found = await relate(mixed);
    expect(found.overlap).toBeCloseTo(1, 5);
    expect(found.fresh).toBeCloseTo(1, 5);
  });

  it('of a change of zeros is 0, and nothing is new', async () => {
    const found = await relate({ ...along(0), b: new Float32Array(90) });
    expect([found.overlap, found.fresh, ...found.overlaps]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('a change without factors', () => {
  it('is related by its own decomposition as one with factors is', async () => {
    const change = randomChange(40, 30, 5);
    const { weight } = withSpectrum(40, 30, sigma(30));
    const matrix = Float32Array.from(dense(change).to1DArray());
    const top = { ...exactTopSingular(weight, 40, 30, 8), known: 8, rank: 5 };
    const { u } = exactTopSingular(matrix, 40, 30, 5);
    const whole = { outputs: 40, inputs: 30, matrix, u, frobenius: Math.sqrt(energy(dense(change))) };
    const found = await relateDense(runtime, whole, top);
    const { relation } = await spectra.related(change, top);
    expect(found.rank).toBe(5);
    expect(found.overlap).toBeCloseTo(relation.overlap, 5);
    expect(found.fresh).toBeCloseTo(relation.fresh, 5);
    found.overlaps.forEach((share, k) => expect(share).toBeCloseTo(relation.overlaps[k] ?? NaN, 5));
  });
});

import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { LocalEigenSolver } from '../../../../src/engine/spectra/eigenSolver';
import type { GramBlock } from '../../../../src/engine/spectra/gram';
import { expectConverged, kernelModule } from '../../../../src/engine/spectra/tridiagonal/kernel';
import { KernelMemory } from '../../../../src/engine/spectra/tridiagonal/kernelMemory';
import { bisectedEigenvalues, plainTridiagonal, type Tridiagonal } from './plainEigen';

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 31, 32, 33, 50];
type Matrix = readonly (readonly number[])[];

function symmetric(size: number, seed: number): Matrix {
  const numbers = new RandomStream(seed, 'symmetric').normals(size * size);
  const at = (i: number, j: number): number => numbers[Math.max(i, j) * size + Math.min(i, j)] ?? NaN;
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => at(i, j)));
}

/** The lower half in blocks of `rows` rows. */
function blocksOf(matrix: Matrix, rows: number): GramBlock[] {
  const blocks: GramBlock[] = [];
  for (let first = 0; first < matrix.length; first += rows) {
    const part = matrix.slice(first, first + rows);
    const values = part.flatMap((row) => row.slice(0, first + part.length));
    blocks.push({ first, rows: part.length, values: Float64Array.from(values) });
  }
  return blocks;
}

/** What the kernel's first function alone makes of a matrix. */
function tridiagonalOf(matrix: Matrix, parts = 1, memory = new KernelMemory()): Tridiagonal {
  const [calls] = memory.load(blocksOf(matrix, 6), matrix.length, 0, 1, parts);
  const tridiagonalise = calls?.tridiagonalise ?? [];
  const { exports } = new WebAssembly.Instance(kernelModule(), { host: { memory: memory.memory } });
  const run = exports['tridiagonalise'];
  if (typeof run !== 'function') throw new Error('the kernel has no such function');
  Reflect.apply(run, undefined, tridiagonalise);
  const [diagonal = NaN, offDiagonal = NaN] = tridiagonalise.slice(-3);
  const read = (place: number): number[] => [...new Float64Array(memory.memory.buffer, place, matrix.length)];
  return { diagonal: read(diagonal), offDiagonal: read(offDiagonal) };
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN)))) : NaN;
const solve = async (matrix: Matrix): Promise<number[]> => [
  ...(await new LocalEigenSolver().solve(blocksOf(matrix, 8), matrix.length, 0)),
];

describe('tridiagonalisation by the kernel', () => {
  it.each(SIZES)('is that of the plain code: %i rows', (size) => {
    const matrix = symmetric(size, size);
    const [found, plain] = [tridiagonalOf(matrix), plainTridiagonal(matrix)];
    expect(distance(found.diagonal, plain.diagonal)).toBeLessThan(1e-11);
    expect(distance(found.offDiagonal, plain.offDiagonal)).toBeLessThan(1e-11);
  });

  it.each(SIZES)('is the same when it is divided: %i rows', (size) => {
    const matrix = symmetric(size, size);
    const plain = plainTridiagonal(matrix);
    for (const parts of [2, 3]) {
      const found = tridiagonalOf(matrix, parts);
      expect(distance(found.diagonal, plain.diagonal)).toBeLessThan(1e-11);
      expect(distance(found.offDiagonal, plain.offDiagonal)).toBeLessThan(1e-11);
    }
  });

  it('leaves a tridiagonal matrix as it is', () => {
    const diagonal = [3, -1, 4, 1, -5];
    const off = [0, 2, -7, 1, 8];
    const matrix = diagonal.map((value, i) =>
      diagonal.map((_, j) => (i === j ? value : Math.abs(i - j) === 1 ? (off[Math.max(i, j)] ?? NaN) : 0)),
    );
    expect(tridiagonalOf(matrix)).toEqual({ diagonal, offDiagonal: off });
  });

  it('does not see what a larger matrix left in the memory', () => {
    const memory = new KernelMemory();
    const fresh = [20, 7, 6, 3].map((size) => tridiagonalOf(symmetric(size, size)));
    const used = [20, 7, 6, 3].map((size) => tridiagonalOf(symmetric(size, size), 1, memory));
    expect(used).toEqual(fresh);
  });
});

describe('eigenvalues by the kernel', () => {
  it.each(SIZES)('are those that bisection finds: %i rows', async (size) => {
    const matrix = symmetric(size, size + 100);
    expect(distance(await solve(matrix), bisectedEigenvalues(plainTridiagonal(matrix)))).toBeLessThan(
      1e-12 * size,
    );
  });

  it('are found in a matrix of several hundred rows', async () => {
    const matrix = symmetric(301, 5);
    expect(distance(await solve(matrix), bisectedEigenvalues(tridiagonalOf(matrix)))).toBeLessThan(1e-11);
  });

  it.each([
    ['all equal', Array.from({ length: 9 }, () => 2)],
    ['in two clusters', Array.from({ length: 12 }, (_, i) => (i < 5 ? 1 : 1e-9))],
    ['all 0', [0, 0, 0]],
    ['of both signs', [5, -5, 1, -1, 0]],
    ['over thirty decades', Array.from({ length: 16 }, (_, i) => 10 ** (-2 * i))],
  ])('of a diagonal matrix are its numbers: %s', async (_, values) => {
    const matrix = values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
    expect(await solve(matrix)).toEqual([...values].sort((a, b) => b - a));
  });

  it('of 2 x 2 matrices are the roots of their polynomials', async () => {
    expect(
      distance(
        await solve([
          [2, 1],
          [1, 2],
        ]),
        [3, 1],
      ),
    ).toBeLessThan(1e-15);
    expect(
      distance(
        await solve([
          [0, 3],
          [3, 0],
        ]),
        [3, -3],
      ),
    ).toBeLessThan(1e-15);
    expect(
      distance(
        await solve([
          [1, 1e-200],
          [1e-200, 1],
        ]),
        [1, 1],
      ),
    ).toBe(0);
  });

  it('that do not converge are an error', () => {
    expect(() => expectConverged(0)).toThrow('do not converge');
    expect(() => expectConverged(1)).not.toThrow();
  });
});

describe('the kernel’s memory', () => {
  it('refuses what 32 bits cannot address', () => {
    expect(() => new KernelMemory().load([], 25000, 0)).toThrow(/too large for a whole spectrum.*4 GiB/u);
  });
});

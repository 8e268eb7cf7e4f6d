import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../src/base/errors';
import { RandomStream } from '../../../src/base/random';
import type { Runtime } from '../../../src/engine/graph/runtime';
import { LocalEigenSolver } from '../../../src/engine/spectra/eigenSolver';
import { WholeSpectra, type NamedMatrix, type Spectrum } from '../../../src/engine/spectra/wholeSpectra';
import { EigenThreads } from '../../../src/runtime/eigenThreads';
import { createRuntime } from '../../../src/runtime/onnxRuntime';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
});
afterAll(() => runtime.dispose());

const matrix = (rows: number, columns: number, seed: number): NamedMatrix => ({
  name: `w${seed}`,
  rows,
  columns,
  data: new RandomStream(seed, 'matrix').normals(rows * columns),
});
const list = [40, 7, 130, 1, 64, 90, 3].map((size, i) => matrix(size, size + i, i));

describe('threads for eigenvalues', () => {
  it('find what the caller’s thread finds, bit by bit and in order', async () => {
    const [local, threaded] = [new WholeSpectra(runtime), new WholeSpectra(runtime, new EigenThreads(2))];
    try {
      const expected = [];
      for (const one of list) expected.push(await local.of(one));
      const found: Spectrum[] = [];
      for await (const { spectrum } of threaded.all(list)) found.push(spectrum);
      expect(found).toEqual(expected);
      // More at once than there are threads.
      expect(await Promise.all(list.map((one) => threaded.of(one)))).toEqual(expected);
    } finally {
      await Promise.all([local.dispose(), threaded.dispose()]);
    }
  });

  it('share a large matrix, and find the same bits', async () => {
    const size = 1101;
    const numbers = new RandomStream(1, 'symmetric').normals(size * size);
    const blocks = [{ first: 0, rows: size, values: Float64Array.from(numbers) }];
    const [one, two] = [new EigenThreads(1), new EigenThreads(2)];
    try {
      const local = await new LocalEigenSolver().solve(blocks, size, 0);
      expect(await one.solve(blocks, size, 0)).toEqual(local);
      const small = { first: 0, rows: 1, values: Float64Array.of(4) };
      // A small matrix before and behind it: threads are taken in turn.
      const mixed = await Promise.all(
        [[small], blocks, [small]].map((list, i) => two.solve(list, i === 1 ? size : 1, 0)),
      );
      expect(mixed).toEqual([Float64Array.of(4), local, Float64Array.of(4)]);
    } finally {
      await Promise.all([one.dispose(), two.dispose()]);
    }
  });

  it('go on after a matrix that is refused', async () => {
    const threads = new EigenThreads(1);
    try {
      await expect(threads.solve([], 25000, 0)).rejects.toThrow(InputError);
      const block = { first: 0, rows: 1, values: Float64Array.of(4) };
      expect([...(await threads.solve([block], 1, 0))]).toEqual([4]);
    } finally {
      await threads.dispose();
    }
  });

  it.each([900, 1200])(
    'fail what they work on, and what waits, when they are ended: %i rows',
    async (size) => {
      const threads = new EigenThreads(2);
      const values = Float64Array.from({ length: size * size }, (_, i) => Math.sin(i));
      const solve = (): Promise<Float64Array> => threads.solve([{ first: 0, rows: size, values }], size, 0);
      const failed = [solve(), solve()].map((solved) => expect(solved).rejects.toThrow(RunError));
      await threads.dispose();
      await Promise.all(failed);
      await expect(solve()).rejects.toThrow(RunError);
    },
  );
});

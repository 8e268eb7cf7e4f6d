import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunError } from '../../../src/base/errors';
import { RandomStream } from '../../../src/base/random';
import { RandomizedSvd } from '../../../src/engine/spectra/randomizedSvd';
import { createRuntime } from '../../../src/runtime/onnxRuntime';
import { findTriples, type SvdRequest } from '../../../src/runtime/svdThread';
import { SvdThreads } from '../../../src/runtime/svdThreads';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'eigenloom-test-'));
const program = join(folder, 'thread.js');

beforeAll(async () => {
  // The bundle lies outside the checkout, where no onnxruntime-node is beside it.
  const installed = join(ROOT, 'node_modules', 'onnxruntime-node');
  await build({
    stdin: {
      contents: `import { answerSvdRequests } from './runtime/svdThread'; answerSvdRequests();`,
      resolveDir: join(ROOT, 'src'),
    },
    plugins: [
      {
        name: 'installed',
        setup: (builder) => {
          builder.onResolve({ filter: /^onnxruntime-node$/ }, () => ({ path: installed, external: true }));
        },
      },
    ],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: program,
    logLevel: 'warning',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (i: number): SvdRequest => {
  // Small ones are decomposed whole.
  const [rows, columns] = i % 2 === 0 ? [150 + i, 140] : [20 + i, 30];
  const weight = new RandomStream(i, 'weight').normals(rows * columns);
  return { weight, rows, columns, rank: 3 + i, seed: i, stream: 'sketch' };
};

describe('decompositions in threads', () => {
  it('find bit by bit what one thread finds here, each its own, and take the memory of the weight', async () => {
    const runtime = await createRuntime('cpu', { threads: 1 });
    const svd = new RandomizedSvd(runtime);
    const here = [];
    for (let i = 0; i < 7; i++) here.push(await findTriples(svd, request(i)));
    await svd.dispose();
    await runtime.dispose();

    const threads = new SvdThreads(program, 2);
    const requests = here.map((_, i) => request(i));
    const found = await Promise.all(requests.map((one) => threads.find(one)));
    expect(found).toEqual(here);
    expect(requests.map(({ weight }) => weight.length)).toEqual(requests.map(() => 0));
    await threads.dispose();
  });

  it('leave a weight alone that is a part of other memory', async () => {
    const threads = new SvdThreads(program, 1);
    const { weight, ...form } = request(1);
    const memory = new Float32Array(weight.length + 5);
    memory.set(weight, 5);
    const part = await threads.find({ ...form, weight: memory.subarray(5) });
    expect(memory.length).toBe(weight.length + 5);
    expect(part).toEqual(await threads.find({ ...form, weight }));
    await threads.dispose();
  });

  it('go on after a matrix that has no decomposition', async () => {
    const threads = new SvdThreads(program, 1);
    const bad = { ...request(0), weight: new Float32Array(150 * 140).fill(NaN) };
    const [failed, good] = [threads.find(bad), threads.find(request(2))];
    await expect(failed).rejects.toThrow('a matrix cannot be decomposed: the eigenvalues of a small matrix');
    expect((await good).sigma).toHaveLength(5);
    await threads.dispose();
  });

  it('fail, and do not hang, when the thread cannot begin or is ended', async () => {
    const broken = join(folder, 'broken.js');
    writeFileSync(broken, 'throw new Error("no such luck");');
    const threads = new SvdThreads(broken, 1);
    await expect(threads.find(request(0))).rejects.toThrow('no such luck');
    await expect(threads.find(request(0))).rejects.toThrow(RunError);
    await threads.dispose();

    const ended = new SvdThreads(program, 1);
    const asked = expect(ended.find(request(0))).rejects.toThrow('ended too soon');
    await ended.dispose();
    await asked;
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import type { LinearModule } from '../../../../src/engine/models/modules';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { ModuleSpectra } from '../../../../src/trainer/spectra/moduleSpectra';

const modules: readonly LinearModule[] = ['a', 'b'].map((name) => ({
  path: name,
  kind: name,
  layer: 0,
  weight: `${name}.weight`,
  inputs: 7,
  outputs: 5,
  bias: undefined,
}));
const source = {
  contentHash: () => Promise.resolve('content'),
  readTensor: (name: string) => Promise.resolve(new RandomStream(1, name).normals(35)),
};

let runtime: Runtime;
let cache: string;
beforeAll(async () => {
  runtime = await createRuntime('cpu', { threads: 1 });
});
afterAll(() => runtime.dispose());
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'eigenloom-test-'));
  vi.stubEnv('EIGENLOOM_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

describe('spectra that are known', () => {
  it('are those that were found, by whomever, and are read from the disk once', async () => {
    const finder = new ModuleSpectra(runtime);
    const found = [];
    for await (const spectrum of finder.of(source, modules, 'exact', new AbortController().signal)) {
      found.push(spectrum);
    }
    expect(found.map(({ values }) => values.length)).toEqual([5, 5]);
    await finder.dispose();

    const reader = new ModuleSpectra(runtime);
    expect(await reader.known(source, modules)).toEqual(found);
    rmSync(join(cache, 'spectra-2'), { recursive: true });
    expect(await reader.known(source, modules)).toEqual(found);
    const changed = { ...source, contentHash: () => Promise.resolve('other content') };
    expect(await reader.known(changed, modules)).toEqual([undefined, undefined]);
    expect(await new ModuleSpectra(runtime).known(source, modules)).toEqual([undefined, undefined]);
  });
});

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WholeSpectra } from '../../src/engine/spectra/wholeSpectra';
import { EigenThreads } from '../../src/runtime/eigenThreads';
import { createRuntime } from '../../src/runtime/onnxRuntime';
import { isRecord, numbersAt } from './decode';
import { reference } from './reference';
import { readTensors } from './tensors';
import { workspace } from './workspace';

/** What an adapter may be laid on: 7 modules of each of 30 layers in SmolLM2-135M. */
const TARGETS = /^random\.|\.(?:self_attn\.[qkvo]|mlp\.(?:gate|up|down))_proj\.weight$/u;
/** Where the benchmarks keep their models, unless EIGENLOOM_BENCH_MODELS names another folder. */
const MODELS =
  process.env['EIGENLOOM_BENCH_MODELS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eigenloom-bench');

/** The weights of SmolLM2-135M-Instruct where they are there, else random ones. */
async function weights(): Promise<string> {
  const real = join(MODELS, 'SmolLM2-135M-Instruct', 'model.safetensors');
  if (existsSync(real)) return real;
  const file = join(await workspace(), 'spectra', 'matrices.safetensors');
  await reference.request('matrices', { out: file });
  return file;
}

/** The greatest distance, in units of the largest value. */
function distance(ours: Float64Array, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return (
    ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? NaN))), 0) /
    (theirs[0] ?? NaN)
  );
}

describe('whole spectra', () => {
  it('are LAPACK’s, and within their bounds of it', { timeout: 900_000 }, async () => {
    const file = await weights();
    const matrices = [...(await readTensors(file))]
      .filter(([name]) => TARGETS.test(name))
      .map(([name, { shape, data }]) => ({ name, rows: shape[0] ?? 0, columns: shape[1] ?? 0, data }));
    expect(matrices.length).toBeGreaterThan(4);
    const runtime = await createRuntime('cpu', { threads: 1 });
    const spectra = new WholeSpectra(runtime, new EigenThreads());
    try {
      for await (const { matrix, spectrum } of spectra.all(matrices)) {
        const lapack = await reference.request('spectra', { file, name: matrix.name });
        if (!isRecord(lapack)) throw new Error('the reference gave no values');
        const double = numbersAt(lapack, 'double');
        const first = double[0] ?? NaN;
        expect(distance(spectrum.values, numbersAt(lapack, 'single')), matrix.name).toBeLessThan(1e-5);
        expect(distance(spectrum.values, double), matrix.name).toBeLessThan(1e-6);
        spectrum.values.forEach((value, i) => {
          const allowed = (spectrum.bounds[i] ?? NaN) + 1e-14 * first;
          expect(Math.abs(value - (double[i] ?? NaN)), `${matrix.name}, value ${i}`).toBeLessThanOrEqual(
            allowed,
          );
        });
        expect(spectrum.errorBound, matrix.name).toBeLessThan(1e-5 * first);
      }
    } finally {
      await spectra.dispose();
      await runtime.dispose();
    }
  });
});

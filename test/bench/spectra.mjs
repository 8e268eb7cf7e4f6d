#!/usr/bin/env node
/**
 * Singular values: ours against PyTorch's, on the same matrices. All of them (`WholeSpectra` against
 * `torch.linalg.svdvals`), and the top ones by random sketches (`RandomizedSvd` against `torch.svd_lowrank`), with the
 * share of the best approximation's energy that each captures. The contestants take turns, so that a machine that grows
 * slower does so for all of them. Times are per matrix; `cpu_ms` is what all threads took together, which other
 * processes disturb less than `wall_ms`.
 *
 *   node test/bench/spectra.mjs [--rounds 3] [--count 8] [--large 2048 --large 4096] [--only 576x576]
 *
 * --count: matrices of each shape of SmolLM2-135M, from its weights where --models has them, else random.
 * --large: square random matrices beside them, one each. --python (or PYTHON): an interpreter with
 * test/parity/requirements.txt.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { machine } from './machine.mjs';
import { median } from './trainers.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const RANK = 32;
/** Where in a layer of SmolLM2-135M the shapes are found. */
const SHAPES = {
  '576x576': ['self_attn.q_proj', 'self_attn.o_proj'],
  '192x576': ['self_attn.k_proj', 'self_attn.v_proj'],
  '1536x576': ['mlp.gate_proj', 'mlp.up_proj'],
  '576x1536': ['mlp.down_proj'],
};

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    count: { type: 'string', default: '8' },
    large: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true },
    threads: { type: 'string', default: String(availableParallelism()) },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    models: {
      type: 'string',
      default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eigenloom-bench'),
    },
  },
});
const threads = Number(options.threads);
const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-spectra-'));

/** The project's code, bundled as it is. */
async function load() {
  const bundle = join(folder, 'spectra.cjs');
  await build({
    stdin: {
      contents: `
        export { RandomStream } from './base/random';
        export { DEFAULT_SVD, RandomizedSvd } from './engine/spectra/randomizedSvd';
        export { WholeSpectra } from './engine/spectra/wholeSpectra';
        export { EigenThreads } from './runtime/eigenThreads';
        export { createRuntime } from './runtime/onnxRuntime';`,
      resolveDir: join(ROOT, 'src'),
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Its native module is found from where it lies.
    plugins: [
      {
        name: 'installed',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^onnxruntime-node$/ }, () => ({
            path: createRequire(import.meta.url).resolve('onnxruntime-node'),
            external: true,
          })),
      },
    ],
    outfile: bundle,
    logLevel: 'error',
  });
  return createRequire(import.meta.url)(bundle);
}

/** PyTorch in a process of its own: one request at a time. */
function startPeer() {
  const child = spawn(
    options.python,
    [join(import.meta.dirname, 'torch_spectra.py'), '--threads', String(threads)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the peer ended');
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

/** `count` matrices of a shape: where each lies as f32, and its numbers. */
function matricesOf(shape, count, RandomStream) {
  const [rows, columns] = shape.split('x').map(Number);
  return Array.from({ length: count }, (_, i) => {
    const place = inModel(shape, i) ?? random(shape, i, RandomStream);
    const matrix = { ...place, rows, columns };
    return { ...matrix, name: `${shape} ${i}`, data: numbersOf(matrix) };
  });
}

function numbersOf({ file, offset, rows, columns }) {
  const data = new Float32Array(rows * columns);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, data, 0, data.byteLength, offset);
  } finally {
    closeSync(handle);
  }
  return data;
}

function random(shape, i, RandomStream) {
  const file = join(folder, `${shape}-${i}.f32`);
  const [rows, columns] = shape.split('x').map(Number);
  writeFileSync(file, new RandomStream(i, shape).normals(rows * columns));
  return { file, offset: 0 };
}

function inModel(shape, i) {
  const modules = SHAPES[shape];
  const file = join(options.models, 'SmolLM2-135M-Instruct', 'model.safetensors');
  if (modules === undefined) return undefined;
  try {
    const length = Number(readFileSync(file).readBigUInt64LE(0));
    const header = JSON.parse(readFileSync(file).toString('utf8', 8, 8 + length));
    const layer = Math.floor(i / modules.length);
    const tensor = header[`model.layers.${layer}.${modules[i % modules.length]}.weight`];
    if (tensor?.dtype !== 'F32') return undefined;
    return { file, offset: 8 + length + tensor.data_offsets[0] };
  } catch {
    return undefined;
  }
}

async function timed(work) {
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const found = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { found, wall_s: (performance.now() - begun) / 1e3, cpu_s: (user + system) / 1e6 };
}

/** ||W||^2 - ||W - U S V^T||^2 in f64. */
function captured({ rows, columns, data }, { u, sigma, vt }) {
  const rank = sigma.length;
  let energy = 0;
  const approximation = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    approximation.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = u[i * rank + k] * sigma[k];
      for (let j = 0; j < columns; j++) approximation[j] += factor * vt[k * columns + j];
    }
    for (let j = 0; j < columns; j++) {
      const w = data[i * columns + j];
      energy += w * w - (w - approximation[j]) ** 2;
    }
  }
  return energy;
}

async function compete(shape, count, project, peer) {
  const { RandomStream, RandomizedSvd, WholeSpectra, EigenThreads, DEFAULT_SVD } = project;
  const matrices = matricesOf(shape, count, RandomStream);
  const places = matrices.map(({ file, offset, rows, columns }) => ({ file, offset, rows, columns }));
  const { oversampling, powerIterations: niter } = DEFAULT_SVD;
  // Beside threads that solve, the next matrices' products get one; a matrix alone gets them all.
  const single = await project.createRuntime('cpu', { threads: count > 1 ? 1 : threads });
  const whole = await project.createRuntime('cpu', { threads });
  const spectra = new WholeSpectra(single, new EigenThreads(threads));
  const svd = await RandomizedSvd.create(whole);
  const contestants = {
    ours_exact: () =>
      timed(async () => {
        const found = [];
        for await (const { spectrum } of spectra.all(matrices)) found.push(spectrum);
        return found;
      }),
    torch_exact: () => peer.ask({ do: 'exact', matrices: places }),
    ours_randomised: () =>
      timed(async () => {
        const found = [];
        for (const { data, rows, columns, name } of matrices) {
          const stream = new RandomStream(1, name);
          found.push(await svd.decompose(data, rows, columns, RANK, (n) => stream.normals(n)));
        }
        return found;
      }),
    torch_randomised: () => peer.ask({ do: 'lowrank', matrices: places, rank: RANK, oversampling, niter }),
  };
  const rounds = [];
  try {
    // The first round warms up and is not counted.
    for (let round = 0; round <= Number(options.rounds); round++) {
      const results = {};
      for (const [name, run] of Object.entries(contestants)) results[name] = await run();
      rounds.push(results);
    }
  } finally {
    await Promise.all([spectra.dispose(), svd.dispose()]);
    await Promise.all([single.dispose(), whole.dispose()]);
  }
  return report(matrices, rounds);
}

function report(matrices, rounds) {
  const last = rounds.at(-1);
  const timing = (name, key) =>
    round((median(rounds.slice(1).map((results) => results[name][key])) / matrices.length) * 1e3);
  const times = Object.fromEntries(
    Object.keys(last).map((name) => [
      name,
      { wall_ms: timing(name, 'wall_s'), cpu_ms: timing(name, 'cpu_s') },
    ]),
  );
  const ratio = (key, kind) => round(times[`torch_${kind}`][key] / times[`ours_${kind}`][key]);
  const exact = last.ours_exact.found;
  const best = exact.map(({ values }) => values.slice(0, RANK).reduce((sum, value) => sum + value ** 2, 0));
  const shares = (energies) => {
    const list = energies.map((energy, i) => energy / best[i]);
    return { mean: list.reduce((a, b) => a + b) / list.length, least: Math.min(...list) };
  };
  return {
    matrices: matrices.length,
    times,
    speed_against_torch: {
      exact: { wall: ratio('wall_ms', 'exact'), cpu: ratio('cpu_ms', 'exact') },
      randomised: { wall: ratio('wall_ms', 'randomised'), cpu: ratio('cpu_ms', 'randomised') },
    },
    greatest_difference_over_sigma_1: Math.max(
      ...exact.map(({ values }, i) =>
        values.reduce(
          (most, value, k) => Math.max(most, Math.abs(value - last.torch_exact.values[i][k]) / values[0]),
          0,
        ),
      ),
    ),
    greatest_bound_over_sigma_1: Math.max(...exact.map(({ values, errorBound }) => errorBound / values[0])),
    share_of_best_energy: {
      ours: shares(last.ours_randomised.found.map((found, i) => captured(matrices[i], found))),
      torch: shares(last.torch_randomised.captured),
    },
  };
}

function round(value) {
  return Number(value.toPrecision(3));
}

const peer = startPeer();
try {
  const project = await load();
  const chosen = Object.keys(SHAPES).filter((shape) => options.only?.includes(shape) ?? true);
  const results = {};
  for (const shape of chosen) {
    results[shape] = await compete(shape, Number(options.count), project, peer);
    console.error(`${shape}: ${JSON.stringify(results[shape].speed_against_torch)}`);
  }
  for (const size of options.large) {
    const shape = `${size}x${size}`;
    results[shape] = await compete(shape, 1, project, peer);
    console.error(`${shape}: ${JSON.stringify(results[shape].speed_against_torch)}`);
  }
  console.log(JSON.stringify({ machine: machine(), threads, rank: RANK, results }, null, 2));
} finally {
  peer.end();
  rmSync(folder, { recursive: true, force: true });
}

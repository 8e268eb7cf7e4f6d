#!/usr/bin/env node
/**
 * Singular values: ours against PyTorch's, on the same matrices. All of them (`WholeSpectra` against
 * `torch.linalg.svdvals`), and the top ones by random sketches (`SvdThreads` against `torch.svd_lowrank` with 4 power
 * iterations). The contestants take turns, so that a machine that grows slower does so for all of them. Times are per
 * matrix; `cpu_ms` is what all threads took together, which other processes disturb less than `wall_ms`. The results are
 * judged by whole decompositions in f64: the share of the best approximation's energy that each captures, the angles to
 * the exact singular subspaces, and the errors over the bounds that come with the values, which must not pass 1.
 *
 *   node test/bench/spectra.mjs [--all | --opening] [--rounds 3] [--count 8] [--large 2048 --large 4096] [--only 576x576]
 *
 * --opening: how long an editor waits for all the model's spectra when they are in the cache, in a process of the built
 * inspector (`npm run build`) that has just been started, and in one that was asked before.
 * --all: all 210 matrices that an adapter may be laid on in SmolLM2-135M, as one piece of work.
 * --count: matrices of each shape of SmolLM2-135M, from its weights where --models has them, else random.
 * --large: square random matrices beside them, one each. --python (or PYTHON): an interpreter with
 * test/parity/requirements.txt.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { median } from './trainers.mjs';
import { loadProject, projectFile } from './project.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const RANK = 32;
const OVERSAMPLING = 10;
/** What `torch.svd_lowrank` is asked for; users of PEFT's PiSSA choose 4 to 16. */
const TORCH_ITERATIONS = 4;
const LAYERS = 30;
/** Where in a layer of SmolLM2-135M the shapes are found. */
const SHAPES = {
  '576x576': ['self_attn.q_proj', 'self_attn.o_proj'],
  '192x576': ['self_attn.k_proj', 'self_attn.v_proj'],
  '1536x576': ['mlp.gate_proj', 'mlp.up_proj'],
  '576x1536': ['mlp.down_proj'],
};

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    opening: { type: 'boolean', default: false },
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

function load() {
  return loadProject(
    `
      export { RandomStream } from './base/random';
      export { WholeSpectra } from './engine/spectra/wholeSpectra';
      export { EigenThreads } from './runtime/eigenThreads';
      export { createRuntime } from './runtime/onnxRuntime';
      export { SvdThreads } from './runtime/svdThreads';
      import { answerSvdRequests } from './runtime/svdThread';
      // Threads run this bundle too.
      answerSvdRequests();`,
    folder,
  );
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

/** The header of the model's weights, and where it ends; undefined where they are not there. */
function readHeader(file) {
  if (!existsSync(file)) return undefined;
  const handle = openSync(file, 'r');
  try {
    const size = Buffer.alloc(8);
    readSync(handle, size, 0, 8, 0);
    const text = Buffer.alloc(Number(size.readBigUInt64LE()));
    readSync(handle, text, 0, text.length, 8);
    return { tensors: JSON.parse(text.toString()), end: 8 + text.length };
  } finally {
    closeSync(handle);
  }
}

const model = join(options.models, 'SmolLM2-135M-Instruct', 'model.safetensors');
const header = readHeader(model);

function inModel(shape, i) {
  const modules = SHAPES[shape];
  if (modules === undefined || header === undefined) return undefined;
  const layer = Math.floor(i / modules.length);
  const tensor = header.tensors[`model.layers.${layer}.${modules[i % modules.length]}.weight`];
  if (tensor?.dtype !== 'F32') return undefined;
  return { file: model, offset: header.end + tensor.data_offsets[0] };
}

async function timed(work) {
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const found = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { found, wall_s: (performance.now() - begun) / 1e3, cpu_s: (user + system) / 1e6 };
}

/** U, S and V^T of each matrix, one after the other. */
function writeTriples(found) {
  const file = join(folder, 'triples.f32');
  writeFileSync(
    file,
    Buffer.concat(
      found.flatMap(({ u, sigma, vt }) =>
        [u, sigma, vt].map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
      ),
    ),
  );
  return file;
}

async function compete(matrices, project, peer) {
  const { SvdThreads, WholeSpectra, EigenThreads } = project;
  const places = matrices.map(({ file, offset, rows, columns }) => ({ file, offset, rows, columns }));
  // Beside threads that solve, the next matrices' products get one; a matrix alone gets them all.
  const products = await project.createRuntime('cpu', { threads: matrices.length > 1 ? 1 : threads });
  const spectra = new WholeSpectra(products, new EigenThreads(threads));
  const svd = new SvdThreads(projectFile(folder), Math.min(threads, matrices.length));
  const contestants = {
    ours_exact: () =>
      timed(async () => {
        const found = [];
        for await (const { spectrum } of spectra.all(matrices)) found.push(spectrum);
        return found;
      }),
    torch_exact: () => peer.ask({ do: 'exact', matrices: places }),
    ours_randomised: () =>
      timed(() =>
        Promise.all(
          // The thread takes the memory of what it is given.
          matrices.map(({ data, rows, columns, name }) =>
            svd.find({ weight: data.slice(), rows, columns, rank: RANK, seed: 1, stream: name }),
          ),
        ),
      ),
    torch_randomised: () =>
      peer.ask({
        do: 'lowrank',
        matrices: places,
        rank: RANK,
        oversampling: OVERSAMPLING,
        niter: TORCH_ITERATIONS,
      }),
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
    await products.dispose();
  }
  const ours = writeTriples(rounds.at(-1).ours_randomised.found);
  const judged = await peer.ask({ do: 'judge', matrices: places, rank: RANK, ours });
  return report(matrices.length, rounds, judged);
}

function report(count, rounds, judged) {
  const last = rounds.at(-1);
  const timing = (name, key) =>
    round((median(rounds.slice(1).map((results) => results[name][key])) / count) * 1e3);
  const times = Object.fromEntries(
    Object.keys(last).map((name) => [
      name,
      { wall_ms: timing(name, 'wall_s'), cpu_ms: timing(name, 'cpu_s') },
    ]),
  );
  const ratio = (key, kind) => round(times[`torch_${kind}`][key] / times[`ours_${kind}`][key]);
  const greatest = (found, of) =>
    Math.max(
      ...found.map((one, i) =>
        Math.max(...Array.from(judged.values[i], (exact, k) => of(one, exact, k, judged.values[i][0]))),
      ),
    );
  const off = (value, exact, bound) => (value === undefined ? 0 : Math.abs(value - exact) / bound);
  return {
    matrices: count,
    times,
    speed_against_torch: {
      exact: { wall: ratio('wall_ms', 'exact'), cpu: ratio('cpu_ms', 'exact') },
      randomised: { wall: ratio('wall_ms', 'randomised'), cpu: ratio('cpu_ms', 'randomised') },
    },
    exact: {
      error_over_sigma_1: {
        ours: greatest(last.ours_exact.found, ({ values }, exact, k, first) => off(values[k], exact, first)),
        torch: greatest(last.torch_exact.values, (values, exact, k, first) => off(values[k], exact, first)),
      },
      // LAPACK errs too, by some units of round-off of the largest value.
      error_over_bound: greatest(last.ours_exact.found, ({ values, bounds }, exact, k, first) =>
        off(values[k], exact, bounds[k] + 1e-14 * first),
      ),
      bound_over_sigma_1: greatest(
        last.ours_exact.found,
        ({ errorBound }, _, __, first) => errorBound / first,
      ),
    },
    randomised: {
      ours: qualityOf(judged.ours),
      torch: qualityOf(judged.torch),
      // f32 has some round-off of its own.
      error_over_bound: greatest(last.ours_randomised.found, ({ sigma, errorBound }, exact, k, first) =>
        off(sigma[k], exact, errorBound + 1e-6 * first),
      ),
      bound_over_sigma_1: greatest(
        last.ours_randomised.found,
        ({ errorBound }, _, __, first) => errorBound / first,
      ),
    },
  };
}

function qualityOf(judged) {
  const mean = (of) => judged.reduce((sum, one) => sum + of(one), 0) / judged.length;
  const angles = (side) => ({
    largest_defined_degrees: Math.max(...judged.map((one) => one[side].largest_defined_degrees)),
    mean_cosine_squared: mean((one) => one[side].mean_cosine_squared),
  });
  return {
    share_of_best_energy: {
      mean: mean(({ share }) => share),
      least: Math.min(...judged.map(({ share }) => share)),
    },
    defined_directions: mean(({ defined }) => defined),
    left: angles('left'),
    right: angles('right'),
  };
}

function round(value) {
  return Number(value.toPrecision(3));
}

/** Milliseconds until an inspector answers with a model's spectra, all of which are in the cache. */
async function opening() {
  const { connect, inspectorApi, disposable } = await loadProject(
    `
      export { disposable } from './base/disposable';
      export { inspectorApi } from './protocol/inspector';
      export { connect } from './protocol/rpc';`,
    folder,
  );
  const env = { ...process.env, EIGENLOOM_CACHE: join(folder, 'cache') };
  const path = join(options.models, 'SmolLM2-135M-Instruct');
  const withInspector = async (work) => {
    const child = fork(join(ROOT, 'dist', 'trainer.js'), ['inspect'], { serialization: 'advanced', env });
    const { calls } = connect({}, {}, inspectorApi, {
      post: (message) => child.send(message),
      listen: (heard) => {
        child.on('message', heard);
        return disposable(() => child.off('message', heard));
      },
    });
    try {
      return await work(calls);
    } finally {
      child.disconnect();
      await once(child, 'exit');
    }
  };
  const asked = async (calls) => {
    const begun = performance.now();
    const { length } = await calls.spectra(path);
    return { ms: performance.now() - begun, length };
  };
  const matrices = await withInspector(async (calls) => {
    const layers = (await calls.model(path)).modules.flatMap(({ paths }) => paths);
    for (const layer of layers) await calls.spectrum(path, layer, 'exact');
    return layers.length;
  });
  const times = [];
  for (let i = 0; i < Number(options.rounds); i++) {
    times.push(
      await withInspector(async (calls) => {
        const [first, again] = [await asked(calls), await asked(calls)];
        if (first.length !== matrices || again.length !== matrices) throw new Error('a spectrum is lacking');
        return { first: first.ms, again: again.ms };
      }),
    );
  }
  return {
    matrices,
    just_started_ms: round(median(times.map(({ first }) => first))),
    asked_before_ms: round(median(times.map(({ again }) => again))),
  };
}

if (options.opening) {
  console.log(JSON.stringify({ machine: machine(), opening: await opening() }, null, 2));
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}

const peer = startPeer();
try {
  const project = await load();
  const results = {};
  const run = async (name, matrices) => {
    results[name] = await compete(matrices, project, peer);
    console.error(`${name}: ${JSON.stringify(results[name].speed_against_torch)}`);
  };
  const ofShape = (shape, count) => matricesOf(shape, count, project.RandomStream);
  if (options.all) {
    const shapes = Object.entries(SHAPES);
    await run(
      'all',
      shapes.flatMap(([shape, modules]) => ofShape(shape, modules.length * LAYERS)),
    );
  } else {
    for (const shape of Object.keys(SHAPES)) {
      if (options.only?.includes(shape) ?? true) await run(shape, ofShape(shape, Number(options.count)));
    }
  }
  for (const size of options.large) await run(`${size}x${size}`, ofShape(`${size}x${size}`, 1));
  console.log(JSON.stringify({ machine: machine(), threads, rank: RANK, results }, null, 2));
} finally {
  peer.end();
  rmSync(folder, { recursive: true, force: true });
}

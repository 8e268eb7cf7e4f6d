#!/usr/bin/env node
/**
 * What LaMDA++'s rules make of models: for each kind of module the mean rank, and the share of the energy that is kept,
 * with one rank for all and with each rule, at the same mean rank. Prints Markdown.
 *
 *   node test/bench/allocation.mjs --model models/SmolLM2-135M-Instruct --model models/all-MiniLM-L6-v2 [--mean 16]
 *
 * --model: a folder with `model.safetensors` in f32; every matrix of its numbered layers is looked at.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadProject } from './project.mjs';

const CANDIDATES = [4, 8, 16, 32, 64];
const RULES = ['uniform', 'equal-energy', 'energy-bins'];

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [] },
    mean: { type: 'string', default: '16' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-allocation-'));
try {
  const project = await load();
  const runtime = await project.createRuntime('cpu', { threads: 1 });
  const spectra = new project.WholeSpectra(runtime, new project.EigenThreads(availableParallelism()));
  for (const model of options.model) console.log(await tableOf(model, spectra, project));
  await spectra.dispose();
  await runtime.dispose();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function load() {
  return loadProject(
    `
      export { allocations } from './engine/spectra/allocation/registry';
      export { energyShares } from './engine/spectra/measures';
      export { WholeSpectra } from './engine/spectra/wholeSpectra';
      export { EigenThreads } from './runtime/eigenThreads';
      export { createRuntime } from './runtime/onnxRuntime';`,
    folder,
  );
}

/** The matrices of the numbered layers, one after the other. */
function* matricesOf(model) {
  const handle = openSync(join(model, 'model.safetensors'), 'r');
  try {
    const length = Number(read(handle, 0, 8).readBigUInt64LE());
    const header = JSON.parse(read(handle, 8, length).toString('utf8'));
    for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
      if (!/\blayers?\.\d+\..*\.weight$/u.test(name) || shape.length !== 2) continue;
      if (dtype !== 'F32') throw new Error(`${name} is ${dtype}, not F32`);
      const bytes = read(handle, 8 + length + offsets[0], offsets[1] - offsets[0]);
      const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      yield { name, rows: shape[0], columns: shape[1], data };
    }
  } finally {
    closeSync(handle);
  }
}

function read(handle, offset, length) {
  const buffer = Buffer.from(new ArrayBuffer(length));
  readSync(handle, buffer, 0, length, offset);
  return buffer;
}

async function tableOf(model, spectra, { allocations, energyShares }) {
  const modules = [];
  for await (const { matrix, spectrum } of spectra.all(matricesOf(model))) {
    const { name: path, rows, columns } = matrix;
    modules.push({ path, rows, columns, energies: energyShares(spectrum.values, spectrum.frobenius) });
  }
  const plans = RULES.map((rule) =>
    allocations[rule]({
      modules,
      candidates: CANDIDATES,
      cost: (_, rank) => rank,
      budget: Number(options.mean) * modules.length,
      pinned: new Map(),
    }),
  );
  const kindOf = (path) => path.replace(/^.*\blayers?\.\d+\./u, '').replace(/\.weight$/u, '');
  const kinds = [...new Set(modules.map(({ path }) => kindOf(path)))].sort();
  const row = (title, belongs) => {
    const cells = plans.flatMap((plan) => {
      const ranks = plan.filter(({ path }) => belongs(path));
      const mean = (key) => ranks.reduce((sum, one) => sum + one[key], 0) / ranks.length;
      const least = Math.min(...ranks.map(({ energy }) => energy));
      return [mean('rank').toFixed(1), `${percent(mean('energy'))} (${percent(least)})`];
    });
    return `| ${[title, ...cells].join(' | ')} |`;
  };
  return [
    `${basename(model)}: ${modules.length} matrices, mean rank ${options.mean}; mean rank, energy kept (the least)\n`,
    `| module | ${RULES.flatMap((rule) => [rule, '']).join(' | ')} |`,
    `|${'---|'.repeat(1 + 2 * RULES.length)}`,
    ...kinds.map((kind) => row(kind, (path) => kindOf(path) === kind)),
    row('all', () => true),
    '',
  ].join('\n');
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

// What it costs to record, with an evaluation, what training has changed: all 210 modules of SmolLM2-135M's shapes.
//   node test/bench/changes.mjs [--rank 16 --rank 32] [--rounds 5]
// `cpu_ms` is what all threads took together, which other processes disturb less than `wall_ms`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { median } from './trainers.mjs';
import { loadProject } from './project.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const LAYERS = 30;
/** Rows and columns of the modules of a layer. */
const SHAPES = {
  q_proj: [576, 576],
  k_proj: [192, 576],
  v_proj: [192, 576],
  o_proj: [576, 576],
  gate_proj: [1536, 576],
  up_proj: [1536, 576],
  down_proj: [576, 1536],
};

const { values: options } = parseArgs({
  options: {
    rank: { type: 'string', multiple: true, default: ['16', '32'] },
    rounds: { type: 'string', default: '5' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-changes-'));

function load() {
  return loadProject(
    `
      export { RandomStream } from './base/random';
      export { adapterMethods } from './engine/adapters/registry';
      export { factorName } from './engine/training/stepGraph';
      export { encodeChange } from './protocol/run/changes';
      export { createRuntime } from './runtime/onnxRuntime';
      export { ChangeRecords } from './trainer/training/changeRecords';`,
    folder,
  );
}

const { RandomStream, adapterMethods, factorName, encodeChange, createRuntime, ChangeRecords } = await load();

/** Adapters of a method on every module, with random factors. */
function adaptersOf(method, rank) {
  const adapters = new Map();
  const values = new Map();
  const settings = { rank, alpha: rank, balance: true, coreOnly: false, basis: 'weights', dropout: 0 };
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const [kind, [outputs, inputs]] of Object.entries(SHAPES)) {
      const module = { path: `model.layers.${layer}.${kind}`, kind, layer, inputs, outputs, weight: kind };
      adapters.set(module.path, { module, method: adapterMethods[method], settings });
      const random = new RandomStream(1, module.path);
      for (const { name, shape } of adapterMethods[method].factors(module, settings))
        values.set(factorName(module, name), random.normals(shape[0] * shape[1], 0.05));
    }
  }
  return { adapters, values };
}

async function measure(cpu, method, rank) {
  const { adapters, values } = adaptersOf(method, rank);
  let bytes = 0;
  const context = {
    emitChange: (line) => {
      bytes = encodeChange(line).length + 1;
    },
    warn: (text) => {
      throw new Error(text);
    },
  };
  const plan = { adapters, phases: [], freezing: { steps: 100, fraction: 0.3 } };
  const records = new ChangeRecords(context, plan, cpu);
  const [wall, busy] = [[], []];
  // The first makes the session, and is left out.
  for (let round = 0; round <= Number(options.rounds); round++) {
    const [begun, before] = [performance.now(), process.cpuUsage()];
    await records.record(10, async (name) => values.get(name));
    const { user, system } = process.cpuUsage(before);
    if (round === 0) continue;
    wall.push(performance.now() - begun);
    busy.push((user + system) / 1000);
  }
  await records.dispose();
  const [wall_ms, cpu_ms] = [wall, busy].map((times) => Math.round(median(times)));
  return { method, rank, modules: adapters.size, wall_ms, cpu_ms, line_bytes: bytes };
}

try {
  console.log(JSON.stringify(machine()));
  const cpu = await createRuntime('cpu');
  for (const method of ['lora', 'pissa', 'lamda'])
    for (const rank of options.rank) console.log(JSON.stringify(await measure(cpu, method, Number(rank))));
  await cpu.dispose();
} finally {
  rmSync(folder, { recursive: true });
}

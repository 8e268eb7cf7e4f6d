#!/usr/bin/env node
/**
 * Our trainer against Transformers + PEFT on the same rows, from the same adapter, in f32 with the same threads. The
 * contestants take turns, so that a machine that grows slower does so for all of them.
 *
 *   node test/bench/bench.mjs dense [--steps 6] [--rounds 2] [--only "ours lora none"]
 *   node test/bench/bench.mjs real --data gsm8k/train.jsonl
 *   node test/bench/bench.mjs products
 *
 * --python (or PYTHON): an interpreter with test/parity/requirements.txt. --models: where the models are kept.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { workloads, writeExperiment } from './experiments.mjs';
import { machine } from './machine.mjs';
import { productsLimit } from './products.mjs';
import { median, prepare, runOurs, runPeer } from './trainers.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '6' },
    warmup: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    threads: { type: 'string', default: String(availableParallelism()) },
    recompute: { type: 'string', default: 'none' },
    only: { type: 'string', multiple: true },
    data: { type: 'string' },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    models: {
      type: 'string',
      default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eigenloom-bench'),
    },
  },
});

/** One contestant's rounds as one line. */
function summary(rounds) {
  const over = (key) => median(rounds.map((round) => round[key]));
  return {
    seconds_per_step: over('seconds_per_step'),
    supervised_tokens_per_s: over('supervised_tokens_per_s'),
    input_tokens_per_s: over('input_tokens_per_s'),
    peak_rss_mb: Math.max(...rounds.map((round) => round.peak_rss_mb)),
    predicted_mb: rounds[0].predicted_mb,
    losses: rounds[0].losses,
  };
}

/** Runs a workload's contestants in turns; results by name. */
function compete(name, options) {
  const workload = workloads[name];
  prepare(name, options);
  const base = workload.base(options);
  const all = Object.entries(workload.contestants(options));
  const chosen = all.filter(([title]) => values.only === undefined || values.only.includes(title));
  const rounds = new Map(chosen.map(([title]) => [title, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [title, contestant] of chosen) {
      const experiment = writeExperiment(title, base, contestant, options);
      const result = contestant.peer
        ? runPeer(experiment, contestant, options)
        : runOurs(experiment, options);
      rounds.get(title).push(result);
      console.error(
        `round ${round + 1}: ${title}: ${result.seconds_per_step.toFixed(2)} s, ${result.peak_rss_mb} MB`,
      );
    }
  }
  return new Map([...rounds].map(([title, results]) => [title, summary(results)]));
}

function ratios(name, results) {
  return workloads[name].ratios.flatMap(([what, ours, theirs]) => {
    const [a, b] = [results.get(ours), results.get(theirs)];
    if (a === undefined || b === undefined) return [];
    const key = what === 'speed' ? 'supervised_tokens_per_s' : 'peak_rss_mb';
    return [{ what, ours, theirs, ratio: Number((a[key] / b[key]).toFixed(3)) }];
  });
}

/** The largest relative difference between the losses of two contestants that should have the same. */
function lossDistance(results) {
  const [ours, theirs] = ['ours lora', 'peft lora'].map((prefix) =>
    [...results].find(([title]) => title.startsWith(prefix)),
  );
  if (ours === undefined || theirs === undefined) return undefined;
  return Math.max(...ours[1].losses.map((loss, i) => Math.abs(loss / theirs[1].losses[i] - 1)));
}

const name = positionals[0] ?? '';
const threads = Number(values.threads);
if (name === 'products') {
  console.log(
    JSON.stringify({ machine: machine(), threads, products: await productsLimit(threads) }, null, 2),
  );
} else if (name in workloads) {
  const options = {
    threads,
    steps: Number(values.steps),
    warmup: Number(values.warmup),
    recompute: values.recompute,
    data: values.data,
    python: values.python,
    models: resolve(values.models),
    work: mkdtempSync(join(tmpdir(), 'eigenloom-bench-')),
  };
  try {
    const products = name === 'dense' && values.only === undefined ? await productsLimit(threads) : undefined;
    const results = compete(name, options);
    const report = {
      machine: machine(),
      threads,
      ...(products === undefined ? {} : { products }),
      results: Object.fromEntries(results),
      ratios: ratios(name, results),
      loss_distance: lossDistance(results),
    };
    console.log(JSON.stringify(report, null, 2));
  } finally {
    rmSync(options.work, { recursive: true, force: true });
  }
} else {
  console.error(`usage: bench.mjs ${Object.keys(workloads).join(' | ')} | products`);
  process.exitCode = 2;
}

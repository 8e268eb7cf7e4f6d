import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';

const RANK = 16;
const SYLLABLES = [
  'ba',
  'ke',
  'lo',
  'mi',
  'nu',
  'ra',
  'se',
  'ti',
  'vo',
  'zu',
  'pan',
  'gel',
  'dor',
  'fis',
  'hum',
];

/** The same words for the same seed. */
function words(seed, count) {
  let state = seed >>> 0;
  const next = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const word = () => Array.from({ length: 1 + next(4) }, () => SYLLABLES[next(SYLLABLES.length)]).join('');
  return Array.from({ length: count }, word).join(' ');
}

/** Rows that are all longer than `max_length`, so that every batch is full. */
function writeDenseRows(path, rows) {
  const lines = Array.from({ length: rows }, (_, i) => JSON.stringify({ text: words(i + 1, 400) }));
  writeFileSync(path, `${lines.join('\n')}\n`);
}

function training(steps, batchSize) {
  return {
    max_steps: steps,
    batch_size: batchSize,
    learning_rate: 0.001,
    scheduler: 'constant',
    shuffle: false,
    max_grad_norm: 1,
  };
}

/** Settings that stand in the way of a measurement: no evaluation, no checkpoint within the run. */
function common(options) {
  return { checkpoint: { every: null }, device: 'cpu', threads: options.threads };
}

/** (a) Dense: SmolLM2-135M's shape with random weights, batch 4 x 256, everything supervised. */
function dense(options) {
  writeDenseRows(join(options.work, 'dense.jsonl'), options.steps * 4);
  return {
    model: resolve(options.models, 'smollm2-shape'),
    data: { train: 'dense.jsonl', text: '{text}', max_length: 256 },
    training: training(options.steps, 4),
    ...common(options),
  };
}

/** (b) Real: SmolLM2-135M-Instruct on GSM8K, the prompt masked, batch 8. */
function real(options) {
  if (options.data === undefined) throw new Error('--data must name gsm8k/train.jsonl');
  return {
    model: resolve(options.models, 'SmolLM2-135M-Instruct'),
    data: {
      train: resolve(options.data),
      prompt: 'Question: {question}\nAnswer: ',
      completion: '{answer}',
      max_length: 512,
    },
    training: training(options.steps, 8),
    ...common(options),
  };
}

const lora = (options) => ({
  method: 'lora',
  rank: RANK,
  alpha: RANK,
  init_from: resolve(options.work, 'adapter'),
});
const lamda = { method: 'lamda', rank: RANK };

/**
 * The two workloads: what they train, and the contestants by name. `peer` contestants run in Python; `limit` names the
 * one whose step is also put beside the time of its matrix products.
 */
export const workloads = {
  dense: {
    base: dense,
    contestants: (options) => ({
      'ours lora none': { adapter: lora(options), memory: { recompute: 'none' } },
      'peft lora': { peer: true, adapter: lora(options) },
      'ours lora cheap': { adapter: lora(options), memory: { recompute: 'cheap' } },
      'peft lora checkpointing': { peer: true, checkpointing: true, adapter: lora(options) },
      'ours lora layers': { adapter: lora(options), memory: { recompute: 'layers' } },
      'ours lamda none': { adapter: lamda, memory: { recompute: 'none' } },
    }),
    ratios: [
      ['speed', 'ours lora none', 'peft lora'],
      ['speed', 'ours lora cheap', 'peft lora'],
      ['speed', 'ours lora layers', 'peft lora checkpointing'],
      ['memory', 'ours lora cheap', 'peft lora'],
      ['memory', 'ours lora layers', 'peft lora checkpointing'],
      ['memory', 'ours lamda none', 'ours lora none'],
    ],
  },
  real: {
    base: real,
    contestants: (options) => ({
      'ours lora': { adapter: lora(options), memory: { recompute: options.recompute } },
      'peft lora': { peer: true, adapter: lora(options) },
    }),
    ratios: [
      ['speed', 'ours lora', 'peft lora'],
      ['memory', 'ours lora', 'peft lora'],
    ],
  },
};

/** Writes a contestant's `*.tune.yaml` and returns its path. */
export function writeExperiment(name, base, contestant, options) {
  mkdirSync(options.work, { recursive: true });
  const { peer, checkpointing, ...settings } = contestant;
  const path = join(options.work, `${name.replaceAll(' ', '-')}.tune.yaml`);
  writeFileSync(path, stringify({ ...base, ...settings }));
  return path;
}

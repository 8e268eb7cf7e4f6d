import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import type { ParityCase } from './cases';
import { eigenloom, train } from './cli';
import type { FinishedRun } from './cli';
import { decodeHistory } from './history';
import type { History } from './history';
import { reference } from './reference';

/** What the reference made of a case, and where it left its tensors. */
export interface ReferenceRun {
  readonly history: History;
  /** initial, gradients, logits and final, each `.safetensors`. */
  readonly folder: string;
}

/** Does a thing once per key and hands every caller the same promise. */
function once<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (key, make) => {
    const result = made.get(key) ?? make();
    made.set(key, result);
    return result;
  };
}

const folders = once<string>();
const inputs = once<string>();
const references = once<ReferenceRun>();
const runs = once<FinishedRun>();
const exports = once<string>();

/** The ring's folder, with the data sets in it. */
export function workspace(): Promise<string> {
  return folders('workspace', async () => {
    const folder = inject('workspace');
    await mkdir(join(folder, 'cases'), { recursive: true });
    await reference.request('data', { out: join(folder, 'data') });
    return folder;
  });
}

/** Everything the case reads but its experiment file. */
async function prepareInputs(test: ParityCase, folder: string): Promise<void> {
  const model = join(folder, 'models', test.model);
  await inputs(`model ${test.model}`, async () => {
    await reference.request('model', { name: test.model, out: model });
    return model;
  });
  if (test.fromPeft !== true) return;
  await inputs(`adapter ${adapterName(test)}`, async () => {
    const out = join(folder, 'adapters', adapterName(test));
    await reference.request('adapter', { model, out, adapter: test.adapter, seed: 5 });
    return out;
  });
}

function adapterName(test: ParityCase): string {
  return `${test.model}${'target_modules' in test.adapter ? '-some' : ''}`;
}

function dataOf(test: ParityCase): Record<string, unknown> {
  const columns = {
    pairs: { prompt: 'Question: {question}\nAnswer: ', completion: '{answer}' },
    text: { text: '{text}' },
    chat: { chat: 'messages' },
  }[test.data];
  return {
    train: `../data/${test.data}-train.jsonl`,
    eval: `../data/${test.data}-eval.jsonl`,
    ...columns,
    max_length: test.packing === true ? 240 : 96,
    packing: test.packing === true,
  };
}

function experimentOf(test: ParityCase): Record<string, unknown> {
  const start = test.fromPeft === true ? { init_from: `../adapters/${adapterName(test)}` } : {};
  return {
    model: `../models/${test.model}`,
    data: dataOf(test),
    adapter: { ...test.adapter, ...start },
    training: {
      max_steps: 50,
      batch_size: test.packing === true ? 2 : 4,
      learning_rate: 0.002,
      scheduler: 'constant',
      shuffle: false,
      ...test.training,
    },
    evaluation: { every: 25 },
    device: 'cpu',
  };
}

/** Writes the case's `*.tune.yaml`, with all that it reads, and returns its path. */
export async function prepare(test: ParityCase): Promise<string> {
  const folder = await workspace();
  await prepareInputs(test, folder);
  const config = join(folder, 'cases', `${test.name}.tune.yaml`);
  const memory = test.recompute === undefined ? {} : { memory: { recompute: test.recompute } };
  await writeFile(config, stringify({ ...experimentOf(test), ...memory }));
  return config;
}

/** The reference's run; cases that differ only in what is recomputed share one. */
export function referenceRun(test: ParityCase): Promise<ReferenceRun> {
  return references(JSON.stringify(experimentOf(test)), async () => {
    const config = await prepare(test);
    const folder = join(await workspace(), 'reference', test.name);
    return { history: decodeHistory(await reference.request('train', { config, out: folder })), folder };
  });
}

/** The trainer's run of the case, started once however often it is asked for. */
export function ourRun(test: ParityCase): Promise<FinishedRun> {
  return runs(test.name, async () => {
    const config = await prepare(test);
    const folder = await workspace();
    return train(config, join(folder, 'runs'), join(folder, 'cache'));
  });
}

/** `eigenloom export`, done once; returns the folder. */
export function exportRun(test: ParityCase, format: 'peft' | 'merged'): Promise<string> {
  return exports(`${test.name} ${format}`, async () => {
    const run = await ourRun(test);
    const folder = await workspace();
    const out = join(folder, 'exported', `${test.name}-${format}`);
    await eigenloom(['export', run.folder, '--format', format, '--out', out], join(folder, 'cache'));
    return out;
  });
}

import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readExperiment } from '../../src/protocol/experiment/read';
import { train } from '../../src/trainer/train';
import { memoryContext, type Told } from '../support/memoryContext';
import { tinyPairs, writeJsonLines, writeModelFolder } from '../support/modelFolder';

const STEPS = 20;

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'eigenloom-steps-')));
  await writeModelFolder(join(folder, 'model'), { config: { num_hidden_layers: 2, vocab_size: 348 } });
  await writeJsonLines(join(folder, 'train.jsonl'), tinyPairs(12));
  await writeJsonLines(join(folder, 'eval.jsonl'), tinyPairs(14).slice(12));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The whole of a run on a device: from its config to its result. */
async function run(device: 'cpu' | 'webgpu', sections: Readonly<Record<string, unknown>>): Promise<Told> {
  // One each: what a device decomposes is not to be read by the other.
  process.env['EIGENLOOM_CACHE'] = join(folder, 'cache', device);
  const file = join(folder, `${device}.tune.yaml`);
  const data = {
    train: 'train.jsonl',
    eval: 'eval.jsonl',
    prompt: '{question}',
    completion: '{answer}',
    max_length: 40,
  };
  const training = {
    max_steps: STEPS,
    batch_size: 2,
    gradient_accumulation: 2,
    learning_rate: 0.003,
    scheduler: 'cosine',
    warmup_steps: 3,
    weight_decay: 0.01,
  };
  await writeFile(file, stringify({ model: 'model', data, training, device, ...sections }));
  const { context, told } = memoryContext(readExperiment(file).experiment, join(folder, device));
  expect(await train(context)).toBe('done');
  return told;
}

/** The numbers of a metric for every step. */
function curve({ metrics }: Told, key: 'loss' | 'grad_norm' | 'trainable'): number[] {
  return metrics.flatMap((line) => (line.split === 'train' ? [line[key]] : []));
}

function evaluations({ metrics }: Told): number[] {
  return metrics.flatMap((line) => (line.split === 'eval' ? [line.loss] : []));
}

function worst(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs((b[i] ?? NaN) - value) / Math.abs(value)));
}

describe(`${STEPS} steps on WebGPU as on the CPU`, () => {
  it.each([
    ['lora', { adapter: { method: 'lora', rank: 4 } }, 1],
    [
      'lora, layers computed again',
      { adapter: { method: 'lora', rank: 4 }, memory: { recompute: 'layers' } },
      1,
    ],
    ['lamda through its phases', { adapter: { method: 'lamda', rank: 4, freeze: { fraction: 0.5 } } }, 2],
    [
      'lamda from the gradient',
      { adapter: { method: 'lamda', rank: 4, basis: 'gradient', core_only: true } },
      1,
    ],
  ])('%s', async (_, sections, phases) => {
    const expected = await run('cpu', sections);
    const found = await run('webgpu', sections);
    expect(curve(found, 'loss')).toHaveLength(STEPS);
    expect(worst(curve(expected, 'loss'), curve(found, 'loss'))).toBeLessThan(1e-3);
    expect(worst(curve(expected, 'grad_norm'), curve(found, 'grad_norm'))).toBeLessThan(1e-2);
    expect(worst(evaluations(expected), evaluations(found))).toBeLessThan(1e-3);
    expect(curve(found, 'trainable')).toEqual(curve(expected, 'trainable'));

    const placed = found.facts.flatMap(({ placement = [] }) => placement);
    expect(placed.map(({ session }) => session.replace('masked ', ''))).toEqual(
      Array.from({ length: phases }, () => ['step', 'norm', 'update']).flat(),
    );
    for (const { provider, nodes } of placed) {
      expect(provider).toBe('WebGpuExecutionProvider');
      expect(nodes).toBeGreaterThan(1);
    }
    expect(found.warnings).toEqual([]);
    // Also the sessions that check the start and evaluate.
    expect(found.log.filter((line) => line.includes('no kernel'))).toEqual([]);
  });
});

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Check } from 'typebox/schema';
import { RandomStream } from '../../../../src/base/random';
import { linearModules, type LinearModule } from '../../../../src/engine/models/modules';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';
import { factorName } from '../../../../src/engine/training/stepGraph';
import { readExperiment } from '../../../../src/protocol/experiment/read';
import { inspectorApi } from '../../../../src/protocol/inspector';
import { inspectorHandlers } from '../../../../src/trainer/inspect/handlers';
import { planTraining, splitValues } from '../../../../src/trainer/training/adapters';
import { writeCheckpoint } from '../../../../src/trainer/training/checkpoint';
import { openPretrained } from '../../../../src/trainer/training/model';
import { loraForms, writeResult } from '../../../../src/trainer/training/result';
import { ranksOfRun } from '../../../../src/trainer/training/ranksFile';
import { writeMergedFolder } from '../../../../src/trainer/inference/merged';
import { openRun } from '../../../../src/trainer/inference/tunedModel';
import { inTemporaryFolder, tinyPairs, writeJsonLines, writeModelFolder } from '../../../support/modelFolder';
import { makeRun, runId } from '../../../support/runFolders';

const RANK = 3;

interface Bench {
  readonly folder: string;
  readonly model: string;
  readonly calls: ReturnType<typeof inspectorHandlers>;
  /** Makes a run of a method whose factors have moved; returns its folder. */
  readonly run: (method: string, at: 'result' | 'checkpoint') => Promise<string>;
}

async function onBench<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    vi.stubEnv('EIGENLOOM_CACHE', path.join(folder, 'cache'));
    const model = await writeModelFolder(path.join(folder, 'model'));
    await writeJsonLines(path.join(folder, 'rows.jsonl'), tinyPairs(5));
    let made = 0;
    const run: Bench['run'] = (method, at) => makeTrainedRun(folder, method, at, made++);
    return use({ folder, model, calls: inspectorHandlers(), run });
  });
}

async function makeTrainedRun(
  folder: string,
  method: string,
  at: 'result' | 'checkpoint',
  minutes: number,
): Promise<string> {
  const file = path.join(folder, 'a.tune.yaml');
  await fs.writeFile(
    file,
    `model: model\ndata: { train: rows.jsonl, text: "{question}" }\nadapter: { method: ${method}${method === 'full' ? '' : `, rank: ${RANK}`} }\ntraining: { max_steps: 20 }\ndevice: cpu\n`,
  );
  const { experiment } = readExperiment(file, []);
  const opened = await openPretrained(experiment.model);
  const run = makeRun(path.join(folder, 'runs'), runId(minutes), {
    config: experiment,
    last: { step: 20, loss: 1 },
  });
  const plan = planTraining(
    { experiment },
    opened,
    20,
    await ranksOfRun(run, experiment.adapter, opened.config),
  );
  const values = new Map<string, Float32Array>();
  for (const { module, method: by, settings } of plan.adapters.values()) {
    const { outputs, inputs, weight } = module;
    const random = new RandomStream(3, module.path);
    const basis = exactTopSingular(await opened.source.readTensor(weight), outputs, inputs, settings.rank);
    const uniform = (count: number): Float32Array => random.uniforms(count, 0, 1);
    const factors = by.initialise(module, settings, { basis, uniform });
    for (const { name, kind } of by.factors(module, settings)) {
      const start = factors[name] ?? new Float32Array();
      const noise = random.normals(start.length, kind === 'frozen' ? 0 : 0.05);
      values.set(
        factorName(module, name),
        start.map((value, i) => value + (noise[i] ?? 0)),
      );
    }
  }
  if (method === 'full') {
    for (const { name } of plan.phases[0]?.parameters ?? []) {
      const start = await opened.source.readTensor(name);
      const noise = new RandomStream(3, name).normals(start.length, 0.01);
      values.set(
        name,
        start.map((value, i) => value + (noise[i] ?? 0)),
      );
    }
  }
  const [phase] = plan.phases;
  if (phase === undefined) throw new Error('no phase');
  const target = path.join(run, at === 'result' ? 'adapter' : 'checkpoints/step-10');
  await fs.mkdir(target, { recursive: true });
  if (at === 'result') await writeResult(target, opened, plan, values);
  else {
    const state = { step: 10, position: { epoch: 0, index: 0 }, updates: 0 };
    await writeCheckpoint(target, plan, { ...state, values: splitValues(phase, values, new Map()) });
  }
  expect(loraForms(plan, values).size).toBe(plan.adapters.size);
  return run;
}

async function modulesOf(model: string): Promise<readonly LinearModule[]> {
  return linearModules((await openPretrained(model)).config);
}

/** Writes what a run has come to as a model. */
async function merge(folder: string, run: string): Promise<string> {
  const out = path.join(folder, `merged-${path.basename(run)}`);
  await writeMergedFolder(out, (await openRun(run, {})).tuned, () => undefined);
  return out;
}

describe('the inspector, of changes', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['lora', 'pissa', 'lamda'])('relates a change to its weight: %s', async (method) => {
    await onBench(async ({ model, calls, run }) => {
      const done = await run(method, 'result');
      const going = await run(method, 'checkpoint');
      for (const { path: module, inputs, outputs } of await modulesOf(model)) {
        const found = await calls.relation(done, module);
        expect(Check(inspectorApi.relation.result, found)).toBe(true);
        expect(found.rank).toBe(RANK);
        expect(found.overlaps).toHaveLength(Math.min(inputs, outputs));
        expect(found.overlap).toBe(found.overlaps[RANK - 1]);
        // All of the change lies in the column space where the weight has full rank on that side.
        if (outputs <= inputs) expect(found.overlaps.at(-1)).toBeCloseTo(1, 4);
        expect(found.fresh).toBeGreaterThan(0);
        expect(found.fresh).toBeLessThanOrEqual(1);
        // The checkpoint has the factors themselves; the result is made of the same.
        const other = await calls.relation(going, module);
        expect(other.overlap).toBeCloseTo(found.overlap, 4);
        expect(other.fresh).toBeCloseTo(found.fresh, 4);
      }
    });
  });

  it('finds in a merged model what the adapter changed', async () => {
    await onBench(async ({ folder, model, calls, run }) => {
      const trained = await run('lora', 'result');
      const merged = await merge(folder, trained);
      for (const { path: module, outputs, inputs } of await modulesOf(model)) {
        const { spectrum, relation } = await calls.difference(model, merged, module);
        expect(Check(inspectorApi.difference.result, { spectrum, relation })).toBe(true);
        expect(spectrum).toMatchObject({ module, exact: true });
        expect(spectrum.values).toHaveLength(Math.min(outputs, inputs));
        // What is beyond the adapter's rank is what the merged weights were rounded by.
        expect(spectrum.values[RANK] ?? NaN).toBeLessThan(1e-4 * (spectrum.values[0] ?? NaN));
        const adapted = await calls.relation(trained, module);
        expect(relation.rank).toBeLessThanOrEqual(RANK);
        expect(relation.overlaps.at(-1)).toBeCloseTo(adapted.overlaps.at(-1) ?? NaN, 4);
        if (relation.rank < RANK) continue;
        expect(relation.overlap).toBeCloseTo(adapted.overlap, 4);
        expect(relation.fresh).toBeCloseTo(adapted.fresh, 4);
      }
    });
  });

  it.each(['result', 'checkpoint'] as const)(
    'takes the difference of full fine-tuning: its %s',
    async (at) => {
      await onBench(async ({ folder, model, calls, run }) => {
        const trained = await run('full', at);
        const module = 'model.layers.1.mlp.up_proj';
        const { spectrum, relation } = await calls.difference(model, trained, module);
        const merged = await calls.difference(model, await merge(folder, trained), module);
        expect(merged.spectrum.values).toEqual(spectrum.values);
        expect(merged.relation).toEqual(relation);
        // Noise of 0.01 on 48 x 32 numbers.
        expect(spectrum.frobenius / (0.01 * Math.sqrt(48 * 32))).toBeCloseTo(1, 1);
        expect(relation.rank).toBeGreaterThan(10);
        await expect(calls.relation(trained, module)).rejects.toThrow(
          'full fine-tuning has no adapter. Compare its result with its model.',
        );
      });
    },
  );

  it('finds nothing between a model and itself', async () => {
    await onBench(async ({ model, calls }) => {
      const { spectrum, relation } = await calls.difference(model, model, 'model.layers.0.mlp.down_proj');
      expect([spectrum.frobenius, ...spectrum.values].every((value) => value === 0)).toBe(true);
      expect([relation.overlap, relation.fresh]).toEqual([0, 0]);
    });
  });

  it('says what cannot be compared, or has not been trained', async () => {
    await onBench(async ({ folder, model, calls, run }) => {
      const q = 'model.layers.0.self_attn.q_proj';
      const wide = await writeModelFolder(path.join(folder, 'wide'), { config: { intermediate_size: 64 } });
      await expect(calls.difference(model, wide, 'model.layers.0.mlp.up_proj')).rejects.toThrow(
        /another shape .*got \[64, 32\]; expected \[48, 32\], as in .*model/u,
      );
      await expect(calls.difference(model, wide, 'model.layers.0.mlp.up_prj')).rejects.toThrow(
        "expected perhaps 'model.layers.0.mlp.up_proj'",
      );
      const short = await writeModelFolder(path.join(folder, 'short'), { config: { num_hidden_layers: 1 } });
      await expect(calls.difference(model, short, 'model.layers.1.mlp.up_proj')).rejects.toThrow(
        /short: the model has no such linear layer/u,
      );
      const adapted = await run('lora', 'result');
      await expect(calls.difference(model, adapted, q)).rejects.toThrow('has an adapter, and no weights');
      await expect(calls.relation(adapted, 'lm_head')).rejects.toThrow('does not adapt this layer');
      await fs.rm(path.join(adapted, 'adapter'), { recursive: true });
      await expect(calls.relation(adapted, q)).rejects.toThrow('neither a result nor a checkpoint');
      await expect(calls.relation(path.join(folder, 'runs'), q)).rejects.toThrow('this is no run');
    });
  });
});

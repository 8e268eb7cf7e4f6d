import * as path from 'node:path';
import { existsSync } from 'node:fs';
import { InputError } from '../../base/errors';
import { adapterMethods } from '../../engine/adapters/registry';
import type { LoraForm } from '../../engine/adapters/method';
import type { LinearModule } from '../../engine/models/modules';
import type { HostTensor } from '../../engine/graph/types';
import { factorName, type GraphSpec, type ModuleAdapter } from '../../engine/training/stepGraph';
import { decodeExperiment } from '../../protocol/experiment/parse';
import type { Experiment } from '../../protocol/experiment/types';
import { listCheckpoints } from '../../runs/checkpoints';
import { readRun } from '../../runs/store';
import { decodeRunRecord } from '../../protocol/run/decode';
import { readSafetensorsHeader } from '../../weights/safetensors/header';
import { allValues, planTraining } from '../training/adapters';
import { readCheckpoint } from '../training/checkpoint';
import { loadModel, type LoadedModel, type LoadOptions } from '../training/model';
import { readPeftFolder } from '../training/peftFolder';
import { adaptedModules } from '../../plan/ranks';
import { ranksOfRun } from '../training/ranksFile';
import { loraForms, MODEL_FILE } from '../training/result';

/** A model to run forward: the base as it is, or with what a run has learnt. */
export interface TunedModel {
  readonly model: LoadedModel;
  /** Folder that the weights' file names are relative to. */
  readonly weightsFolder: string;
  readonly locate: LoadedModel['locate'];
  /** Adapters in LoRA form; empty for a base model and after full fine-tuning. */
  readonly adapters: ReadonlyMap<LinearModule, LoraForm>;
}

/** The base model at a path. */
export async function openBase(modelPath: string, options: LoadOptions): Promise<TunedModel> {
  const model = await loadModel(modelPath, options);
  return { model, weightsFolder: model.weights.folder, locate: model.locate, adapters: new Map() };
}

/** The result of a run: its adapter, or what its last checkpoint holds where it has not come to its end. */
export async function openRun(
  folder: string,
  options: LoadOptions,
): Promise<{ readonly tuned: TunedModel; readonly experiment: Experiment }> {
  const { paths, record } = readRun(folder, decodeRunRecord);
  const experiment = decodeExperiment(record.config, paths.record);
  const base = await openBase(experiment.model, options);
  const result = paths.adapter;
  const finished = existsSync(result);
  const checkpoint = listCheckpoints(paths.checkpoints).at(0);
  if (!finished && checkpoint === undefined) {
    throw new InputError({
      what: 'the run has neither a result nor a checkpoint yet',
      file: folder,
      remedy: 'Let it go on until its first checkpoint.',
    });
  }
  const { adapter } = experiment;
  if (adapter.method === 'full') {
    const [weightsFolder, file] = finished
      ? [result, MODEL_FILE]
      : [checkpoint?.folder ?? result, 'parameters.safetensors'];
    const header = await readSafetensorsHeader(path.join(weightsFolder, file));
    const locate: LoadedModel['locate'] = (weight) => {
      const entry = header.tensors.get(weight);
      if (entry === undefined)
        throw new InputError({ what: 'the result lacks a tensor', file: weightsFolder, tensor: weight });
      return { file, offset: entry.offset, length: entry.length };
    };
    return { tuned: { ...base, weightsFolder, locate }, experiment };
  }
  if (finished) {
    const modules = adaptedModules(adapter, base.model.config);
    const stored = await readPeftFolder(result, modules);
    const adapters = new Map<LinearModule, LoraForm>();
    for (const module of modules) {
      const lora = stored.get(module.path);
      if (lora === undefined) continue;
      const { lora_A: a, lora_B: b } = lora.factors;
      adapters.set(module, { rank: lora.rank, a, b });
    }
    return { tuned: { ...base, adapters }, experiment };
  }
  if (checkpoint === undefined) return { tuned: base, experiment };
  const { values } = await readCheckpoint(checkpoint);
  const ranks = await ranksOfRun(folder, adapter, base.model.config);
  const plan = planTraining({ experiment }, base.model, experiment.training.max_steps ?? 1, ranks);
  return { tuned: { ...base, adapters: loraForms(plan, allValues(values)) }, experiment };
}

/** The part of a graph's form that a tuned model decides, and the factors to feed it with. */
export function inferenceSpec(
  tuned: TunedModel,
  positions: number,
  fuseTranspose: boolean,
): { readonly spec: GraphSpec; readonly feeds: Readonly<Record<string, HostTensor>> } {
  const adapters = new Map<string, ModuleAdapter>();
  const feeds: Record<string, HostTensor> = {};
  for (const [module, { rank, a, b }] of tuned.adapters) {
    const settings = {
      rank,
      alpha: rank,
      balance: true,
      coreOnly: false,
      basis: 'weights',
      dropout: 0,
    } as const;
    adapters.set(module.path, { module, method: adapterMethods.lora, settings });
    feeds[factorName(module, 'lora_A')] = { dtype: 'f32', shape: [rank, module.inputs], data: a };
    feeds[factorName(module, 'lora_B')] = { dtype: 'f32', shape: [module.outputs, rank], data: b };
  }
  const spec: GraphSpec = {
    config: tuned.model.config,
    adapters,
    slabs: [],
    locate: (weight) => tuned.locate(weight),
    positions,
    chunks: 1,
    recompute: 'none',
    fuseTranspose,
  };
  return { spec, feeds };
}

import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { adapterMethods } from '../../engine/adapters/registry';
import type { LoraForm } from '../../engine/adapters/method';
import type { LinearModule } from '../../engine/models/modules';
import type { HostTensor } from '../../engine/graph/types';
import { factorName, type GraphSpec, type ModuleAdapter } from '../../engine/training/stepGraph';
import type { Experiment } from '../../protocol/experiment/types';
import { readSafetensorsHeader } from '../../weights/safetensors/header';
import { loadModel, type LoadedModel, type LoadOptions } from '../training/model';
import { adaptersOf, stateOfRun, weightsFileOf } from './runState';

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
  const state = stateOfRun(folder);
  const { experiment } = state;
  const base = await openBase(experiment.model, options);
  if (experiment.adapter.method !== 'full')
    return { tuned: { ...base, adapters: await adaptersOf(state, base.model.config) }, experiment };
  const file = weightsFileOf(state);
  const weightsFolder = path.dirname(file);
  const header = await readSafetensorsHeader(file);
  const locate: LoadedModel['locate'] = (weight) => {
    const entry = header.tensors.get(weight);
    if (entry === undefined)
      throw new InputError({ what: 'the result lacks a tensor', file: weightsFolder, tensor: weight });
    return { file: path.basename(file), offset: entry.offset, length: entry.length };
  };
  return { tuned: { ...base, weightsFolder, locate }, experiment };
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

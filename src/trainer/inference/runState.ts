import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { InputError } from '../../base/errors';
import type { LoraForm } from '../../engine/adapters/method';
import type { DecoderConfig } from '../../engine/models/config';
import type { LinearModule } from '../../engine/models/modules';
import { adaptedModules } from '../../plan/ranks';
import { decodeExperiment } from '../../protocol/experiment/parse';
import type { Experiment } from '../../protocol/experiment/types';
import { decodeRunRecord } from '../../protocol/run/decode';
import { listCheckpoints } from '../../runs/checkpoints';
import { readRun } from '../../runs/store';
import { allValues, planTraining } from '../training/adapters';
import { PARAMETERS, readCheckpoint } from '../training/checkpoint';
import { readPeftFolder } from '../training/peftFolder';
import { ranksOfRun } from '../training/ranksFile';
import { loraForms, MODEL_FILE } from '../training/result';

/** How far a run has come: its result, or its last checkpoint where it has not come to its end. */
export interface RunState {
  readonly run: string;
  readonly experiment: Experiment;
  /** Optimiser steps done. */
  readonly step: number;
  /** The result's folder, or the checkpoint's. */
  readonly folder: string;
  readonly finished: boolean;
}

/** Looks where a run stands. Throws an `InputError` where it has left nothing yet. */
export function stateOfRun(run: string): RunState {
  const { paths, record } = readRun(run, decodeRunRecord);
  const experiment = decodeExperiment(record.config, paths.record);
  if (existsSync(paths.adapter)) {
    const step = record.last?.step ?? record.facts?.total_steps ?? 0;
    return { run, experiment, step, folder: paths.adapter, finished: true };
  }
  const checkpoint = listCheckpoints(paths.checkpoints).at(0);
  if (checkpoint === undefined) {
    throw new InputError({
      what: 'the run has neither a result nor a checkpoint yet',
      file: run,
      remedy: 'Let it go on until its first checkpoint.',
    });
  }
  return { run, experiment, step: checkpoint.step, folder: checkpoint.folder, finished: false };
}

/** The adapters of a run as plain LoRAs; none after full fine-tuning. */
export async function adaptersOf(
  state: RunState,
  config: DecoderConfig,
): Promise<ReadonlyMap<LinearModule, LoraForm>> {
  const { run, experiment, step, folder, finished } = state;
  const { adapter } = experiment;
  const adapters = new Map<LinearModule, LoraForm>();
  if (adapter.method === 'full') return adapters;
  if (!finished) {
    const { values } = await readCheckpoint({ step, folder });
    const ranks = await ranksOfRun(run, adapter, config);
    const plan = planTraining({ experiment }, { config }, experiment.training.max_steps ?? 1, ranks);
    return loraForms(plan, allValues(values));
  }
  const modules = adaptedModules(adapter, config);
  const stored = await readPeftFolder(folder, modules);
  for (const module of modules) {
    const lora = stored.get(module.path);
    if (lora === undefined) continue;
    const { lora_A: a, lora_B: b } = lora.factors;
    adapters.set(module, { rank: lora.rank, a, b });
  }
  return adapters;
}

/** The file that holds all weights of a run of full fine-tuning. */
export function weightsFileOf({ folder, finished }: RunState): string {
  return path.join(folder, finished ? MODEL_FILE : PARAMETERS);
}

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GraphError } from '../../base/errors';
import type { LoraForm } from '../../engine/adapters/method';
import { linearModules, weightSpecs, type LinearModule } from '../../engine/models/modules';
import { factorName } from '../../engine/training/stepGraph';
import { writeSafetensors } from '../../weights/safetensors/write';
import type { TrainingPlan } from './adapters';
import type { OpenedModel } from './model';
import { writePeftFolder } from './peftFolder';

/** Name of the whole weights in a Hugging Face folder and in the result of full fine-tuning. */
export const MODEL_FILE = 'model.safetensors';

/** Each adapted module's adapter as a plain LoRA, from the run's values. */
export function loraForms(
  plan: TrainingPlan,
  values: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<LinearModule, LoraForm> {
  const forms = new Map<LinearModule, LoraForm>();
  for (const { module, method, settings } of plan.adapters.values()) {
    const factors = Object.fromEntries(
      method.factors(module, settings).map(({ name }) => [name, needValue(values, factorName(module, name))]),
    );
    forms.set(module, method.toLora(module, settings, factors));
  }
  return forms;
}

/**
 * Writes a run's result into an empty folder: an adapter in PEFT's form, or all weights after full fine-tuning.
 */
export async function writeResult(
  folder: string,
  model: Pick<OpenedModel, 'source' | 'config'>,
  plan: TrainingPlan,
  values: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  if (plan.adapters.size > 0) {
    await writePeftFolder(folder, model.source.path, linearModules(model.config), loraForms(plan, values));
    return;
  }
  const tensors = weightSpecs(model.config).map(({ name, shape }) => ({
    name,
    dtype: 'F32' as const,
    shape,
    data: needValue(values, name),
  }));
  await writeSafetensors(path.join(folder, MODEL_FILE), tensors, { format: 'pt' });
}

/** Size of a result on disk, in bytes. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await fs.readdir(folder);
  const sizes = await Promise.all(
    entries.map(async (entry) => (await fs.stat(path.join(folder, entry))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function needValue(values: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const value = values.get(name);
  if (value === undefined) throw new GraphError({ what: 'the run has no such value', tensor: name });
  return value;
}

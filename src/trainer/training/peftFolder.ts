import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import type { Factors, LoraForm } from '../../engine/adapters/method';
import { peftConfig, peftTensorName } from '../../engine/adapters/peft';
import type { LinearModule } from '../../engine/models/modules';
import { readSafetensors } from '../../weights/safetensors/read';
import { writeSafetensors } from '../../weights/safetensors/write';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';

/** Writes adapters in LoRA form as PEFT does, into an existing folder. */
export async function writePeftFolder(
  folder: string,
  base: string,
  all: readonly LinearModule[],
  adapters: ReadonlyMap<LinearModule, LoraForm>,
): Promise<void> {
  const tensors = [...adapters].flatMap(([module, { rank, a, b }]) => [
    { name: peftTensorName(module, 'A'), dtype: 'F32' as const, shape: [rank, module.inputs], data: a },
    { name: peftTensorName(module, 'B'), dtype: 'F32' as const, shape: [module.outputs, rank], data: b },
  ]);
  await writeSafetensors(path.join(folder, WEIGHTS), tensors, { format: 'pt' });
  await fs.writeFile(
    path.join(folder, CONFIG),
    JSON.stringify(peftConfig(base, all, adapters), undefined, 2) + '\n',
  );
}

/** A LoRA that somebody trained before, with its own rank and scale. */
export interface StoredLora {
  readonly rank: number;
  readonly alpha: number;
  /** `lora_A` and `lora_B` by module path. */
  readonly factors: ReadonlyMap<string, Factors>;
}

/**
 * Reads a PEFT adapter folder. InputError where it is no plain LoRA, where the modules are not the ones asked for, or
 * where a shape does not fit.
 */
export async function readPeftFolder(folder: string, modules: readonly LinearModule[]): Promise<StoredLora> {
  const file = path.join(folder, CONFIG);
  const config = await readConfig(file);
  const { r, lora_alpha: alpha, peft_type: type } = config;
  const plain =
    type === 'LORA' &&
    config['use_dora'] !== true &&
    isEmpty(config['rank_pattern']) &&
    isEmpty(config['alpha_pattern']);
  if (!plain || typeof r !== 'number' || typeof alpha !== 'number') {
    throw new InputError({
      what: 'the adapter is no plain LoRA',
      file,
      expected: 'peft_type LORA with one rank and alpha for all modules',
      remedy: 'Choose another adapter.init_from.',
    });
  }
  const scale = config['use_rslora'] === true ? Math.sqrt(r) : 1;
  const weights = path.join(folder, WEIGHTS);
  const tensors = await readSafetensors(weights);
  const factors = new Map<string, Factors>();
  for (const module of modules) {
    const part = (factor: 'A' | 'B', shape: readonly number[]): Float32Array => {
      const name = peftTensorName(module, factor);
      const tensor = tensors.get(name);
      if (tensor?.shape.join() === shape.join()) return tensor.data;
      throw new InputError({
        what:
          tensor === undefined ? 'the adapter lacks a tensor' : 'a tensor of the adapter has the wrong shape',
        file: weights,
        tensor: name,
        got: tensor === undefined ? undefined : `[${tensor.shape.join(', ')}]`,
        expected: `[${shape.join(', ')}]`,
        remedy: 'Give adapter.target_modules the modules that the adapter was trained on.',
      });
    };
    factors.set(module.path, {
      lora_A: part('A', [r, module.inputs]),
      lora_B: part('B', [module.outputs, r]),
    });
  }
  const used = new Set(
    modules.flatMap((module) => [peftTensorName(module, 'A'), peftTensorName(module, 'B')]),
  );
  const unused = [...tensors.keys()].filter((name) => !used.has(name)).sort();
  if (unused[0] !== undefined) {
    throw new InputError({
      what: 'the adapter has a tensor that would not be used',
      file: weights,
      tensor: unused[0],
      got: `${unused.length} such tensors`,
      expected: 'lora_A and lora_B of the modules in adapter.target_modules alone',
      remedy: 'Give adapter.target_modules the modules that the adapter was trained on.',
    });
  }
  return { rank: r, alpha: alpha * scale, factors };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (isRecord(value) && Object.keys(value).length === 0);
}

async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (cause) {
    throw new InputError(
      {
        what: 'the adapter cannot be read',
        file,
        remedy: 'adapter.init_from names a folder that PEFT wrote.',
      },
      { cause },
    );
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // Falls through: the message is the same.
  }
  throw new InputError({ what: 'the file is no JSON object', file });
}

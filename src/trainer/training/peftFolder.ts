import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import type { LoraForm } from '../../engine/adapters/method';
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

/** One module's LoRA that somebody trained before, with its own rank and scale (alpha / rank). */
export interface StoredLora {
  readonly rank: number;
  readonly alpha: number;
  /** `lora_A` and `lora_B`. */
  readonly factors: { readonly lora_A: Float32Array; readonly lora_B: Float32Array };
}

/**
 * Reads a PEFT adapter folder: the LoRA of each module, by its path. InputError where it is no plain LoRA, where the
 * modules are not the ones asked for, or where a shape does not fit.
 */
export async function readPeftFolder(
  folder: string,
  modules: readonly LinearModule[],
): Promise<ReadonlyMap<string, StoredLora>> {
  const file = path.join(folder, CONFIG);
  const config = await readConfig(file);
  const { r, lora_alpha: alpha, peft_type: type } = config;
  if (type !== 'LORA' || config['use_dora'] === true || typeof r !== 'number' || typeof alpha !== 'number') {
    throw new InputError({
      what: 'the adapter is no plain LoRA',
      file,
      expected: 'peft_type LORA without use_dora, with r and lora_alpha',
      remedy: 'Choose another adapter.init_from.',
    });
  }
  const ranks = readPattern(config, 'rank_pattern', file);
  const alphas = readPattern(config, 'alpha_pattern', file);
  const weights = path.join(folder, WEIGHTS);
  const tensors = await readSafetensors(weights);
  const all = new Map<string, StoredLora>();
  for (const module of modules) {
    const rank = ranks(module.path) ?? r;
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
    const scale = config['use_rslora'] === true ? Math.sqrt(rank) : 1;
    all.set(module.path, {
      rank,
      alpha: (alphas(module.path) ?? alpha) * scale,
      factors: { lora_A: part('A', [rank, module.inputs]), lora_B: part('B', [module.outputs, rank]) },
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
  return all;
}

/**
 * PEFT's `rank_pattern` and `alpha_pattern`: numbers by the end of a module's path. PEFT also takes regular
 * expressions there; one from a file is not run here, and is an InputError.
 */
function readPattern(
  config: Readonly<Record<string, unknown>>,
  key: string,
  file: string,
): (path: string) => number | undefined {
  const value = config[key] ?? {};
  const entries = isRecord(value) ? Object.entries(value) : [['', value] as const];
  const numbers = new Map<string, number>();
  for (const [end, number] of entries) {
    if (typeof number === 'number' && number > 0 && /^[\w.-]+$/u.test(end)) numbers.set(end, number);
    else {
      throw new InputError({
        what: 'the adapter gives numbers to modules in a way that is not read',
        file,
        key,
        got: show(value),
        expected: 'positive numbers by the names or paths of modules',
      });
    }
  }
  return (path) => [...numbers].find(([end]) => path === end || path.endsWith(`.${end}`))?.[1];
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

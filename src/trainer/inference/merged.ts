import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isRecord } from '../../base/guards';
import { multiply } from '../../engine/adapters/factors';
import { weightSpecs } from '../../engine/models/modules';
import { readTensorAt } from '../../weights/floats';
import { writeSafetensors } from '../../weights/safetensors/write';
import { MODEL_FILE } from '../training/result';
import type { TunedModel } from './tunedModel';

/**
 * Writes a tuned model as a Hugging Face folder: config, tokenizer, and weights in f32 with the adapters added in,
 * W + B A. Matrices are read, merged and written one after the other.
 */
export async function writeMergedFolder(
  folder: string,
  tuned: TunedModel,
  onTensor: (fraction: number) => void,
): Promise<void> {
  const { model, adapters } = tuned;
  const byWeight = new Map([...adapters].map(([module, form]) => [module.weight, { module, form }]));
  const specs = weightSpecs(model.config);
  let done = 0;
  const tensors = specs.map(({ name, shape }) => ({
    name,
    dtype: 'F32' as const,
    shape,
    data: async function* (): AsyncIterable<Float32Array> {
      onTensor(done++ / specs.length);
      const weight = await readTensorAt(
        path.join(tuned.weightsFolder, tuned.locate(name).file),
        tuned.locate(name),
      );
      const adapter = byWeight.get(name);
      if (adapter === undefined) yield weight;
      else {
        const { module, form } = adapter;
        yield multiply(form.b, form.a, module.outputs, form.rank, module.inputs, weight);
      }
    },
  }));
  await fs.mkdir(folder, { recursive: true });
  await writeSafetensors(path.join(folder, MODEL_FILE), tensors, { format: 'pt' });
  const { source } = model;
  const { tokenizerJson, tokenizerConfig, chatTemplate, generationConfig } = source.tokenizer;
  const write = async (name: string, value: unknown): Promise<void> => {
    if (value === undefined) return;
    await fs.writeFile(path.join(folder, name), JSON.stringify(value, undefined, 2) + '\n');
  };
  await write('config.json', mergedConfig(source.config));
  await write('tokenizer.json', tokenizerJson);
  await write('tokenizer_config.json', tokenizerConfig);
  await write('generation_config.json', generationConfig);
  if (chatTemplate !== undefined) await fs.writeFile(path.join(folder, 'chat_template.jinja'), chatTemplate);
}

/** The weights are f32 now, whatever they were. */
function mergedConfig(config: unknown): unknown {
  if (!isRecord(config)) return config;
  const kept = Object.entries(config).filter(([key]) => key !== 'torch_dtype');
  return { ...Object.fromEntries(kept), dtype: 'float32' };
}

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../base/errors';
import { nearest } from '../base/nearest';
import { cacheFolder } from './cache';
import { openGguf } from './gguf/model';
import { openHuggingFaceFolder } from './huggingFaceFolder';
import type { ModelSource, WorkOptions } from './source';

export interface OpenOptions extends WorkOptions {
  /** The cache folder; by default that of `cacheFolder()`. */
  readonly cache?: string | undefined;
}

/**
 * Opens a pre-trained model: a folder in Hugging Face's form, or a `.gguf` file. Headers are read and checked; no
 * weights are read.
 * @throws InputError saying what is wrong with the path or the model, and what to do
 */
export async function openModel(model: string, options: OpenOptions = {}): Promise<ModelSource> {
  const absolute = path.resolve(model);
  const stat = await fs.stat(absolute).catch(() => undefined);
  if (stat === undefined) throw await notFound(absolute);
  const cache = options.cache ?? cacheFolder();
  if (stat.isDirectory()) return openHuggingFaceFolder(absolute, cache, options);
  if (absolute.toLowerCase().endsWith('.gguf')) return openGguf(absolute, cache, options);
  const inFolder = absolute.endsWith('.safetensors') || path.basename(absolute) === 'config.json';
  throw new InputError({
    what: 'this file is not a model',
    file: absolute,
    expected: "a folder in Hugging Face's form, or a .gguf file",
    ...(inFolder ? { remedy: `Name its folder: ${path.dirname(absolute)}.` } : {}),
  });
}

/** Says how far the path exists, and what stands there instead of the part that does not. */
async function notFound(absolute: string): Promise<InputError> {
  let missing = absolute;
  let names: string[] | undefined;
  while (names === undefined) {
    const parent = path.dirname(missing);
    names = await fs.readdir(parent).catch(() => undefined);
    if (names === undefined && parent === missing) break;
    if (names === undefined) missing = parent;
  }
  const near = names === undefined ? undefined : nearest(path.basename(missing), names);
  const there = (names ?? []).filter((name) => !name.startsWith('.')).sort();
  const list = there.slice(0, 20).join(', ') + (there.length > 20 ? ', …' : '');
  return new InputError({
    what: 'there is no model here',
    file: absolute,
    got: `no '${path.basename(missing)}' in ${path.dirname(missing)}, which has ${list === '' ? 'nothing' : list}`,
    expected: "a folder in Hugging Face's form, or a .gguf file",
    ...(near === undefined ? {} : { remedy: `Did you mean ${path.join(path.dirname(missing), near)}?` }),
  });
}

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../base/errors';
import { cached, cachedEntry } from './cache';
import { decodeTensor, elementCount } from './decode';
import { readSafetensorsHeader } from './safetensors/header';
import { writeSafetensors, type TensorToWrite } from './safetensors/write';
import type { MappedTensor, StoredTensor, WeightSet, WorkOptions } from './source';

/** Goes into the cache key: raise it when converted bytes would differ. */
const CONVERSION = 'f32-1';
const KIND = 'weights';
const CONVERTED = 'model.safetensors';
/** Left free beside the converted file. */
const SPARE = 64 * 1024 * 1024;

export interface ConvertOptions extends WorkOptions {
  /** Free bytes on the disk of a folder; the system's answer by default. */
  readonly freeBytes?: ((folder: string) => Promise<number>) | undefined;
}

/** Whether a tensor is a weight; integer buffers, which some checkpoints carry, are not. */
function isWeight({ dtype }: StoredTensor): boolean {
  return !/^(I|U)\d+$|^BOOL$/.test(dtype);
}

/** The weights where they lie, if all of them are f32 and in one folder as the file system sees it; else undefined. */
export async function inPlace(tensors: ReadonlyMap<string, StoredTensor>): Promise<WeightSet | undefined> {
  const real = new Map<string, string>();
  const mapped = new Map<string, MappedTensor>();
  for (const [name, tensor] of tensors) {
    if (!isWeight(tensor)) continue;
    if (tensor.dtype !== 'F32' || tensor.interleavedHeads !== undefined) return undefined;
    // The runtime refuses symbolic links out of the folder, such as the hub cache's: it gets the real place.
    let file = real.get(tensor.file);
    if (file === undefined) real.set(tensor.file, (file = await fs.realpath(tensor.file)));
    const { offset, length, shape } = tensor;
    mapped.set(name, { file: path.basename(file), offset, length, shape });
  }
  const folders = new Set([...real.values()].map((file) => path.dirname(file)));
  const [folder] = folders;
  return folder === undefined || folders.size > 1 ? undefined : { folder, tensors: mapped };
}

/**
 * The weights as f32, converted once into the cache as one safetensors file. Memory stays at a few MB; a cancelled
 * or killed conversion leaves nothing with a name.
 * @throws InputError where the disk has not enough space; the signal's reason where it is aborted
 */
export async function converted(
  tensors: ReadonlyMap<string, StoredTensor>,
  contentHash: string,
  cache: string,
  options: ConvertOptions = {},
): Promise<WeightSet> {
  const weights = new Map([...tensors].filter(([, tensor]) => isWeight(tensor)));
  const fill = async (target: string): Promise<void> => {
    await fs.mkdir(target, { recursive: true });
    await checkSpace(weights, target, options.freeBytes ?? freeBytes);
    await writeConverted(weights, path.join(target, CONVERTED), options);
  };
  const key = keyOf(contentHash);
  for (let attempt = 0; ; attempt++) {
    const folder = await cached(KIND, key, fill, cache);
    try {
      return await readConverted(folder, weights);
    } catch (thrown) {
      // Someone deleted or cut a part of the cache: make it again, once.
      if (attempt > 0) throw thrown;
      await fs.rm(folder, { recursive: true, force: true });
    }
  }
}

/** Whether the cache has the converted weights of that content. */
export async function isConverted(contentHash: string, cache: string): Promise<boolean> {
  return (await cachedEntry(KIND, keyOf(contentHash), cache)) !== undefined;
}

function keyOf(contentHash: string): string {
  return `${CONVERSION} ${contentHash}`;
}

async function readConverted(folder: string, weights: ReadonlyMap<string, StoredTensor>): Promise<WeightSet> {
  const file = path.join(folder, CONVERTED);
  const header = await readSafetensorsHeader(file);
  const tensors = new Map<string, MappedTensor>();
  for (const name of weights.keys()) {
    const entry = header.tensors.get(name);
    if (entry === undefined)
      throw new InputError({ what: 'the cached weights lack a tensor', file, tensor: name });
    const { offset, length, shape } = entry;
    tensors.set(name, { file: CONVERTED, offset, length, shape });
  }
  // The real path, since a cache folder may itself be reached through a link.
  return { folder: await fs.realpath(folder), tensors };
}

async function writeConverted(
  weights: ReadonlyMap<string, StoredTensor>,
  file: string,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const total = [...weights.values()].reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const tensors = [...weights].map(([name, tensor]): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: tensor.shape,
    data: async function* () {
      const handle = await fs.open(tensor.file, 'r');
      try {
        yield* decodeTensor(handle, name, tensor, signal);
      } finally {
        await handle.close();
      }
      done += tensor.length;
      onProgress?.({ stage: 'convert', file: path.basename(tensor.file), done, total });
    },
  }));
  await writeSafetensors(file, tensors, { converted_by: 'eigenloom', form: CONVERSION });
}

async function checkSpace(
  weights: ReadonlyMap<string, StoredTensor>,
  folder: string,
  free: (folder: string) => Promise<number>,
): Promise<void> {
  const needed = [...weights.values()].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  const available = await free(folder);
  if (available >= needed + SPARE) return;
  throw new InputError({
    what: 'there is not enough disk space to convert the weights to f32',
    file: folder,
    got: `${available} bytes free`,
    expected: `${needed + SPARE} bytes (${((needed + SPARE) / 1e9).toFixed(1)} GB)`,
    remedy: 'Free some space, or set EIGENLOOM_CACHE to a folder on another disk.',
  });
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await fs.statfs(folder);
  return bavail * bsize;
}

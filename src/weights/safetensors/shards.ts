import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { isFile } from '../files';
import { duplicateKey, parseJson, readText } from '../json';
import { readSafetensorsHeader, type SafetensorsEntry } from './header';

/** A tensor and the file (absolute path) that holds it. */
export interface ShardedEntry extends SafetensorsEntry {
  readonly file: string;
}

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * The tensors of a model folder: of `model.safetensors`, or of the shards that `model.safetensors.index.json` names.
 * Undefined where the folder has neither.
 * @throws InputError for a damaged header or index, or missing shards (all of them are named)
 */
export async function readModelTensors(
  folder: string,
): Promise<ReadonlyMap<string, ShardedEntry> | undefined> {
  const whole = path.join(folder, WHOLE);
  if (await isFile(whole)) {
    const { tensors } = await readSafetensorsHeader(whole);
    return new Map([...tensors].map(([name, entry]) => [name, { ...entry, file: whole }]));
  }
  const indexFile = path.join(folder, INDEX);
  const text = await readText(indexFile);
  return text === undefined ? undefined : readShards(folder, indexFile, parseIndex(text, indexFile));
}

/** Tensor name -> shard file name, checked: shards lie in the folder itself. */
function parseIndex(text: string, file: string): ReadonlyMap<string, string> {
  const parsed = parseJson(text, file);
  const table = isRecord(parsed) ? parsed['weight_map'] : undefined;
  if (!isRecord(table)) {
    throw new InputError({
      what: 'the index has no table of tensors',
      file,
      key: 'weight_map',
      expected: 'an object: tensor name -> shard file',
      remedy: 'Copy or download the file again.',
    });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new InputError({ what: `the index has the key '${twice}' twice`, file });
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(table)) {
    if (typeof shard !== 'string' || !/^[^/\\:\0]+\.safetensors$/.test(shard)) {
      throw new InputError({
        what: 'the index names a file that cannot be a shard',
        file,
        tensor,
        got: show(shard),
        expected: 'the name of a .safetensors file in the same folder',
      });
    }
    shards.set(tensor, shard);
  }
  return shards;
}

async function readShards(
  folder: string,
  indexFile: string,
  index: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, ShardedEntry>> {
  const names = [...new Set(index.values())].sort();
  const present = await Promise.all(names.map((name) => isFile(path.join(folder, name))));
  const missing = names.filter((_, i) => present[i] !== true);
  if (missing.length > 0) {
    throw new InputError({
      what: `${missing.length} of ${names.length} weight files are missing`,
      file: folder,
      got: `no ${missing.slice(0, 20).join(', ')}`,
      expected: `every file that ${INDEX} names`,
      remedy: 'Download the missing files into the folder.',
    });
  }
  const headers = new Map<string, ReadonlyMap<string, SafetensorsEntry>>();
  for (const name of names) headers.set(name, (await readSafetensorsHeader(path.join(folder, name))).tensors);
  const tensors = new Map<string, ShardedEntry>();
  for (const [tensor, shard] of index) {
    const entry = headers.get(shard)?.get(tensor);
    if (entry === undefined) {
      throw new InputError({
        what: `the index says that the tensor lies in ${shard}, but it does not`,
        file: indexFile,
        tensor,
        remedy: 'Download index and shards again, from the same place.',
      });
    }
    tensors.set(tensor, { ...entry, file: path.join(folder, shard) });
  }
  return tensors;
}

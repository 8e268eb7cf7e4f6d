import * as fs from 'node:fs';
import * as path from 'node:path';
import { InputError } from '../base/errors';
import { isRecord } from '../base/guards';
import { BF16, F16, F32, F64, type Encoding } from './encodings';
import { contentHash } from './hash';
import { parseJson, readJson } from './json';
import { readModelTensors, type ShardedEntry } from './safetensors/shards';
import type { ModelSource, StoredTensor, TokenizerFiles, WorkOptions } from './source';
import { StoredModel } from './storedModel';

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([F32, F16, BF16, F64].map((e) => [e.name, e]));

/**
 * A folder in Hugging Face's form: `config.json`, safetensors (one file or shards), tokenizer files.
 * @throws InputError where config or weights are missing (saying what is there instead) or damaged
 */
export async function openHuggingFaceFolder(
  folder: string,
  cache: string,
  options: WorkOptions,
): Promise<ModelSource> {
  const names = await fs.promises.readdir(folder);
  const configFile = path.join(folder, 'config.json');
  const config = await readJson(configFile);
  if (config === undefined) throw noConfig(folder, names);
  if (!isRecord(config)) throw new InputError({ what: 'the config is not a JSON object', file: configFile });
  options.onConfig?.(config, configFile);
  const entries = await readModelTensors(folder);
  if (entries === undefined) throw noWeights(folder, names);
  const tensors = new Map([...entries].map(([name, entry]) => [name, stored(entry)]));
  const files = [...new Set([...tensors.values()].map((tensor) => tensor.file))].sort();
  return new StoredModel({
    kind: 'hugging-face',
    path: folder,
    config,
    tensors,
    hash: () => contentHash(files, cache, options),
    cache,
    readTokenizer: () => readTokenizer(folder),
  });
}

function stored({ file, dtype, shape, offset, length }: ShardedEntry): StoredTensor {
  return { file, dtype, shape, offset, length, encoding: ENCODINGS.get(dtype) };
}

function noConfig(folder: string, names: readonly string[]): InputError {
  const gguf = names.filter((name) => name.endsWith('.gguf')).sort();
  const adapter = names.includes('adapter_config.json');
  return new InputError({
    what: adapter ? 'this is an adapter, not a model' : 'the folder has no config.json',
    file: folder,
    got: listing(names),
    expected: 'config.json, model.safetensors and tokenizer.json',
    remedy:
      gguf.length > 0
        ? `Name the GGUF file itself: ${gguf
            .slice(0, 5)
            .map((name) => path.join(folder, name))
            .join(' or ')}.`
        : adapter
          ? 'Name the base model as the model, and this folder as adapter.init_from.'
          : 'Name the folder that a model was downloaded or saved to.',
  });
}

function noWeights(folder: string, names: readonly string[]): InputError {
  const pickles = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  const other = names.filter((name) => name.endsWith('.safetensors'));
  return new InputError({
    what:
      pickles.length > 0
        ? "the weights are only there in PyTorch's pickle form, which can run any code when it is read"
        : 'the folder has no weights',
    file: folder,
    got: listing(pickles.length > 0 ? pickles : names),
    expected: 'model.safetensors, or model.safetensors.index.json and its shards',
    remedy:
      pickles.length > 0
        ? 'Get the safetensors form, or load the model in Transformers and call save_pretrained.'
        : other.length > 0
          ? 'Rename a single weight file to model.safetensors, or download the index of the shards.'
          : 'Download the weights into the folder.',
  });
}

function listing(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, 20).join(', ');
  return names.length === 0 ? 'an empty folder' : names.length > 20 ? `${shown}, …` : shown;
}

/** Synchronous, since it answers a property; the files are small. */
function readTokenizer(folder: string): TokenizerFiles {
  const read = (name: string): string | undefined => {
    try {
      return fs.readFileSync(path.join(folder, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  const json = (name: string): unknown => {
    const text = read(name);
    return text === undefined ? undefined : parseJson(text, path.join(folder, name));
  };
  const tokenizerJson = json('tokenizer.json');
  if (tokenizerJson === undefined) {
    const sentencePiece = fs.existsSync(path.join(folder, 'tokenizer.model'));
    throw new InputError({
      what: 'the model has no tokenizer.json',
      file: folder,
      got: sentencePiece ? 'tokenizer.model' : 'no tokenizer',
      expected: 'tokenizer.json',
      remedy: sentencePiece
        ? 'Load the tokenizer in Transformers and call save_pretrained: it writes tokenizer.json.'
        : 'Download tokenizer.json into the folder.',
    });
  }
  const tokenizerConfig = json('tokenizer_config.json');
  return {
    tokenizerJson,
    tokenizerConfig,
    chatTemplate: read('chat_template.jinja') ?? templateOf(tokenizerConfig),
    generationConfig: json('generation_config.json'),
  };
}

/** `chat_template` is a text, or a list of named ones of which `default` is meant. */
function templateOf(config: unknown): string | undefined {
  const value = isRecord(config) ? config['chat_template'] : undefined;
  if (typeof value === 'string') return value;
  const templates: readonly unknown[] = Array.isArray(value) ? value : [];
  const chosen = templates.filter(isRecord).find((template) => template['name'] === 'default')?.['template'];
  return typeof chosen === 'string' ? chosen : undefined;
}

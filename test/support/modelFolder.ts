import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { RandomStream } from '../../src/base/random';
import { weightSpecs } from '../../src/engine/models/modules';
import { readModelConfig } from '../../src/engine/models/registry';
import { writeSafetensors } from '../../src/weights/safetensors/write';
import { fixtureText, type FixtureTokenizer } from './tokenizers';

/** What a tiny model may be given beside its usual form. */
export interface ModelFolderOptions {
  /** Keys of `config.json` that replace the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tokenizer?: FixtureTokenizer;
  readonly seed?: number;
  /** Changes a tensor before it is written. */
  readonly change?: (name: string, values: Float32Array) => void;
}

/** Tokens of each fixture tokenizer. */
const VOCABULARY: Readonly<Record<FixtureTokenizer, number>> = { bytes: 348, metaspace: 401 };

/** `config.json` of a Llama of two layers that trains in milliseconds a step. */
function tinyConfig({ config = {}, tokenizer = 'bytes' }: ModelFolderOptions): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: VOCABULARY[tokenizer],
    max_position_embeddings: 128,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    torch_dtype: 'float32',
    ...config,
  };
}

/** Writes a model of random weights in Hugging Face form into `folder`, which is made, and returns the folder. */
export async function writeModelFolder(folder: string, options: ModelFolderOptions = {}): Promise<string> {
  const { tokenizer = 'bytes', seed = 1, change } = options;
  await fs.mkdir(folder, { recursive: true });
  const json = tinyConfig(options);
  const tensors = weightSpecs(readModelConfig(json, folder)).map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const random = new RandomStream(seed, name);
    // Norms near 1; matrices that keep the size of what goes through them.
    const data =
      shape.length === 1
        ? random.uniforms(count, 0.8, 1.2)
        : random.normals(count, 1 / Math.sqrt(shape.at(-1) ?? 1));
    change?.(name, data);
    return { name, dtype: 'F32' as const, shape, data };
  });
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  await fs.writeFile(path.join(folder, 'config.json'), JSON.stringify(json, undefined, 2));
  for (const file of ['tokenizer.json', 'tokenizer_config.json'] as const) {
    await fs.writeFile(path.join(folder, file), fixtureText(tokenizer, file));
  }
  return folder;
}

const SUBJECTS = ['time', 'season', 'nation', 'people', 'purpose', 'answer', 'war'];
const VERBS = ['to plant', 'to weep', 'to laugh', 'to dance', 'to endure', 'to be born'];

/** Question and answer pairs of unlike lengths, as many as asked for; always the same. */
export function tinyPairs(count: number): { readonly question: string; readonly answer: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const subject = SUBJECTS[i % SUBJECTS.length] ?? '';
    const verb = VERBS[(i * 5 + Math.floor(i / 7)) % VERBS.length] ?? '';
    return {
      question: `What is the ${subject} ${i}?`,
      answer: `a ${subject} ${verb}${' and'.repeat(i % 4)} ${i * 3}.`,
    };
  });
}

/** Writes rows as JSON lines and returns the file. */
export async function writeJsonLines(file: string, rows: readonly unknown[]): Promise<string> {
  await fs.writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

/** Runs `use` with an empty folder that is removed afterwards. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'eigenloom-test-')));
  try {
    return await use(folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

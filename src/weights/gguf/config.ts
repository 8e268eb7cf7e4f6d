import { InputError } from '../../base/errors';
import type { JsonObject } from '../json';
import type { GgufHeader } from './header';
import { Metadata } from './metadata';
import { ropeScaling } from './rope';

interface Family {
  readonly modelType: string;
  readonly architecture: string;
  /** llama.cpp's converter reorders the rows of query and key heads for its own rotary form. */
  readonly permuted: boolean;
}

/** GGUF's `general.architecture` -> Hugging Face's family. Mistral and SmolLM2 files call themselves llama. */
const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { modelType: 'llama', architecture: 'LlamaForCausalLM', permuted: true },
  qwen2: { modelType: 'qwen2', architecture: 'Qwen2ForCausalLM', permuted: false },
  qwen3: { modelType: 'qwen3', architecture: 'Qwen3ForCausalLM', permuted: false },
};

export interface GgufConfig {
  /** In the form of Hugging Face's `config.json`. */
  readonly config: JsonObject;
  /** Heads whose rows are to be put back in order; undefined where they are in order. */
  readonly permutedHeads: { readonly query: number; readonly key: number } | undefined;
}

/**
 * A Hugging Face `config.json` from a GGUF file's metadata.
 * @param divisors the tensor `rope_freqs.weight`, decoded, where the file has it
 * @throws InputError for an architecture that is not read (naming those that are), or missing facts
 */
export function ggufConfig(header: GgufHeader, file: string, divisors: Float32Array | undefined): GgufConfig {
  const metadata = new Metadata(header, file);
  const prefix = metadata.string('general.architecture') ?? '';
  const family = Object.hasOwn(FAMILIES, prefix) ? FAMILIES[prefix] : undefined;
  if (family === undefined || (metadata.count(`${prefix}.expert_count`) ?? 0) > 0) {
    throw new InputError({
      what:
        family === undefined ? 'this architecture is not supported' : 'mixtures of experts are not supported',
      file,
      key: family === undefined ? 'general.architecture' : `${prefix}.expert_count`,
      got: family === undefined ? `'${prefix}'` : String(metadata.count(`${prefix}.expert_count`)),
      expected: `one of ${Object.keys(FAMILIES).join(', ')}, dense`,
    });
  }
  const hidden = metadata.required(`${prefix}.embedding_length`);
  const heads = metadata.required(`${prefix}.attention.head_count`);
  const keyHeads = metadata.count(`${prefix}.attention.head_count_kv`) ?? heads;
  const rotary = metadata.count(`${prefix}.rope.dimension_count`);
  const headDim = metadata.count(`${prefix}.attention.key_length`) ?? rotary ?? Math.floor(hidden / heads);
  if (rotary !== undefined && rotary !== headDim) {
    throw new InputError({
      what: 'rotary embeddings over a part of the head are not supported',
      file,
      key: `${prefix}.rope.dimension_count`,
      got: `${rotary}`,
      expected: `${headDim}, the size of a head`,
    });
  }
  const theta = shortest(metadata.number(`${prefix}.rope.freq_base`) ?? 10_000);
  const scaling = ropeScaling(metadata, prefix, theta, divisors);
  const window = metadata.count(`${prefix}.attention.sliding_window`);
  const mistral = prefix === 'llama' && window !== undefined && window > 0;
  const vocabulary = header.tensors.get('token_embd.weight')?.shape[0];
  const ids = tokenIds(metadata);
  const config: JsonObject = {
    architectures: [mistral ? 'MistralForCausalLM' : family.architecture],
    model_type: mistral ? 'mistral' : family.modelType,
    vocab_size: vocabulary ?? metadata.required(`${prefix}.vocab_size`),
    hidden_size: hidden,
    intermediate_size: metadata.required(`${prefix}.feed_forward_length`),
    num_hidden_layers: metadata.required(`${prefix}.block_count`),
    num_attention_heads: heads,
    num_key_value_heads: keyHeads,
    head_dim: headDim,
    hidden_act: 'silu',
    rms_norm_eps: shortest(metadata.number(`${prefix}.attention.layer_norm_rms_epsilon`) ?? 1e-6),
    rope_theta: theta,
    max_position_embeddings: metadata.required(`${prefix}.context_length`),
    attention_bias: header.tensors.has('blk.0.attn_q.bias'),
    tie_word_embeddings: !header.tensors.has('output.weight'),
    dtype: 'float32',
    ...(scaling === undefined ? {} : { rope_scaling: scaling }),
    ...(mistral ? { sliding_window: window } : {}),
    ...ids,
  };
  return { config, permutedHeads: family.permuted ? { query: heads, key: keyHeads } : undefined };
}

/** The token ids a `config.json` names, those that the file has. */
function tokenIds(metadata: Metadata): JsonObject {
  const ids: Record<string, number> = {};
  for (const [name, key] of [
    ['bos_token_id', 'bos'],
    ['eos_token_id', 'eos'],
    ['pad_token_id', 'padding'],
  ] as const) {
    const id = metadata.count(`tokenizer.ggml.${key}_token_id`);
    if (id !== undefined) ids[name] = id;
  }
  return ids;
}

/** The shortest decimal that is the same f32: the file's 9.999999747378752e-6 was written as 1e-5. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}

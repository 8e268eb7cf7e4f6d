/**
 * llama.cpp's tensor names and Hugging Face's for the families whose GGUF files are read. Where `heads` is
 * `query` or `key`, the llama architecture stores the rows of each head in another order (see `Rows`).
 */
interface NameRule {
  readonly name: string;
  readonly rows?: 'query' | 'key';
}

const TOP: Readonly<Record<string, NameRule>> = {
  token_embd: { name: 'model.embed_tokens' },
  output_norm: { name: 'model.norm' },
  output: { name: 'lm_head' },
};

const LAYER: Readonly<Record<string, NameRule>> = {
  attn_norm: { name: 'input_layernorm' },
  attn_q: { name: 'self_attn.q_proj', rows: 'query' },
  attn_k: { name: 'self_attn.k_proj', rows: 'key' },
  attn_v: { name: 'self_attn.v_proj' },
  attn_output: { name: 'self_attn.o_proj' },
  attn_q_norm: { name: 'self_attn.q_norm' },
  attn_k_norm: { name: 'self_attn.k_norm' },
  ffn_norm: { name: 'post_attention_layernorm' },
  ffn_gate: { name: 'mlp.gate_proj' },
  ffn_up: { name: 'mlp.up_proj' },
  ffn_down: { name: 'mlp.down_proj' },
};

/** Tensors that hold no weights: their content is in the config. */
const IGNORED = new Set(['rope_freqs.weight']);

/** Hugging Face's name of a llama.cpp tensor; undefined where it has none, null where the tensor is no weight. */
export function huggingFaceName(name: string): NameRule | undefined | null {
  if (IGNORED.has(name)) return null;
  const match = /^(?:blk\.(\d{1,6})\.)?([a-z_]+)\.(weight|bias)$/.exec(name);
  if (match === null) return undefined;
  const [, layer, part = '', kind = ''] = match;
  const table = layer === undefined ? TOP : LAYER;
  const rule = Object.hasOwn(table, part) ? table[part] : undefined;
  if (rule === undefined) return undefined;
  const prefix = layer === undefined ? '' : `model.layers.${Number(layer)}.`;
  return { ...rule, name: `${prefix}${rule.name}.${kind}` };
}

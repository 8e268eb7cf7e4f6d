// The model: its shape, random weights to start from, and safetensors in and out.
import { readFileSync, writeFileSync } from 'node:fs';

/** Llama's form, 1.2 million parameters. */
export const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 2048,
  hidden_size: 128,
  intermediate_size: 352,
  num_hidden_layers: 5,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  hidden_act: 'silu',
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: true,
  initializer_range: 0.02,
  bos_token_id: 0,
  eos_token_id: 1,
  torch_dtype: 'float16',
};

/** Normal weights; those that write to the residual stream are smaller, by the root of how many do. */
export function randomWeights(seed) {
  const normal = normals(seed);
  const { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, initializer_range: std } = config;
  const queries = config.num_attention_heads * config.head_dim;
  const keys = config.num_key_value_heads * config.head_dim;
  const random = (name, rows, columns, scale = std) => ({
    name,
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => scale * normal()),
  });
  const norm = (name) => ({ name, shape: [width], data: new Float32Array(width).fill(1) });
  const residual = std / Math.sqrt(2 * layers);
  const tensors = [random('model.embed_tokens.weight', config.vocab_size, width), norm('model.norm.weight')];
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    tensors.push(
      norm(`${at}.input_layernorm.weight`),
      random(`${at}.self_attn.q_proj.weight`, queries, width),
      random(`${at}.self_attn.k_proj.weight`, keys, width),
      random(`${at}.self_attn.v_proj.weight`, keys, width),
      random(`${at}.self_attn.o_proj.weight`, width, queries, residual),
      norm(`${at}.post_attention_layernorm.weight`),
      random(`${at}.mlp.gate_proj.weight`, inner, width),
      random(`${at}.mlp.up_proj.weight`, inner, width),
      random(`${at}.mlp.down_proj.weight`, width, inner, residual),
    );
  }
  return tensors;
}

/** Writes f32 tensors as safetensors, rounded to f16 when asked. */
export function writeSafetensors(file, tensors, half = false) {
  const header = {};
  const parts = [];
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    const bytes = half ? halves(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: half ? 'F16' : 'F32', shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const text = JSON.stringify({ __metadata__: { format: 'pt' }, ...header });
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, ...parts]));
}

/** Reads f32 safetensors. */
export function readSafetensors(file) {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: _, ...header } = JSON.parse(bytes.toString('utf8', 8, start));
  return Object.entries(header).map(([name, { shape, data_offsets: [from, to] }]) => ({
    name,
    shape,
    data: new Float32Array(new Uint8Array(bytes.subarray(start + from, start + to)).buffer),
  }));
}

/** Rounded to nearest, ties to even: to a multiple of the f16 step at the number's exponent. */
function halves(data) {
  const out = Buffer.alloc(2 * data.length);
  for (const [index, value] of data.entries()) {
    const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1e-9)));
    const units = value / 2 ** (exponent - 10);
    const floor = Math.floor(units);
    const rest = units - floor;
    const rounded = Math.abs(rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1);
    // A mantissa that rounds up to 2048 carries into the exponent by itself; below 1024 it is subnormal.
    const bits = rounded < 1024 ? rounded : (exponent + 14) * 1024 + rounded;
    if (bits >= 0x7c00) throw new Error(`${value} is beyond f16`);
    out.writeUInt16LE(bits | (value < 0 ? 0x8000 : 0), 2 * index);
  }
  return out;
}

/** Normal numbers: mulberry32 and Box-Muller. */
function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

import type { DecoderConfig } from './config';

/** One linear layer that an adapter can be put on: y = W x (+ b), W is [outputs, inputs]. */
export interface LinearModule {
  /** Hugging Face's dotted path, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly path: string;
  /** The last part of the path: what `target_modules` names. */
  readonly kind: string;
  readonly layer: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: string;
  readonly bias: string | undefined;
}

/** A tensor the model needs, under its Hugging Face name. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

const ATTENTION = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
/** The linear layers of one decoder layer, in the order in which they run. */
export const PROJECTIONS = [...ATTENTION, 'gate_proj', 'up_proj', 'down_proj'] as const;

export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm.weight';
const HEAD = 'lm_head.weight';

/** Prefix of one layer's tensors. */
export function layerPath(layer: number): string {
  return `model.layers.${layer}`;
}

/** Name of the weight that turns hidden states into logits: the embedding where the head is tied to it. */
export function headWeight(config: DecoderConfig): string {
  return config.tiedHead ? EMBEDDING : HEAD;
}

/** One linear layer by its kind. */
export function linearModule(
  config: DecoderConfig,
  layer: number,
  kind: (typeof PROJECTIONS)[number],
): LinearModule {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, biases } = config;
  const sizes: Readonly<Record<string, readonly [number, number, boolean]>> = {
    q_proj: [hiddenSize, heads * headDim, biases.qkv],
    k_proj: [hiddenSize, kvHeads * headDim, biases.qkv],
    v_proj: [hiddenSize, kvHeads * headDim, biases.qkv],
    o_proj: [heads * headDim, hiddenSize, biases.output],
    gate_proj: [hiddenSize, intermediateSize, biases.mlp],
    up_proj: [hiddenSize, intermediateSize, biases.mlp],
    down_proj: [intermediateSize, hiddenSize, biases.mlp],
  };
  const [inputs, outputs, bias] = sizes[kind] ?? [0, 0, false];
  const path = `${layerPath(layer)}.${ATTENTION.includes(kind) ? 'self_attn' : 'mlp'}.${kind}`;
  return {
    path,
    kind,
    layer,
    inputs,
    outputs,
    weight: `${path}.weight`,
    bias: bias ? `${path}.bias` : undefined,
  };
}

/** All linear layers of the decoder (not the head), layer by layer. */
export function linearModules(config: DecoderConfig): readonly LinearModule[] {
  return Array.from({ length: config.layers }, (_, layer) =>
    PROJECTIONS.map((kind) => linearModule(config, layer, kind)),
  ).flat();
}

/** Every tensor of the model with its shape, in the order of the forward pass. */
export function weightSpecs(config: DecoderConfig): readonly WeightSpec[] {
  const { hiddenSize, headDim, vocabSize } = config;
  const specs: WeightSpec[] = [{ name: EMBEDDING, shape: [vocabSize, hiddenSize] }];
  for (let layer = 0; layer < config.layers; layer++) {
    const path = layerPath(layer);
    specs.push({ name: `${path}.input_layernorm.weight`, shape: [hiddenSize] });
    if (config.qkNorm) {
      specs.push({ name: `${path}.self_attn.q_norm.weight`, shape: [headDim] });
      specs.push({ name: `${path}.self_attn.k_norm.weight`, shape: [headDim] });
    }
    specs.push({ name: `${path}.post_attention_layernorm.weight`, shape: [hiddenSize] });
    for (const kind of PROJECTIONS) {
      const module = linearModule(config, layer, kind);
      specs.push({ name: module.weight, shape: [module.outputs, module.inputs] });
      if (module.bias !== undefined) specs.push({ name: module.bias, shape: [module.outputs] });
    }
  }
  specs.push({ name: FINAL_NORM, shape: [hiddenSize] });
  if (!config.tiedHead) specs.push({ name: HEAD, shape: [vocabSize, hiddenSize] });
  return specs;
}

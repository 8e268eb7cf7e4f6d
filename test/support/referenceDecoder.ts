import type { DecoderConfig } from '../../src/engine/models/config';

/** A model's weights by their Hugging Face names. */
export type Weights = (name: string) => Float32Array;

type Row = readonly number[];

/**
 * Logits at every position of one sequence, by a Llama-form decoder written out plainly in f64, token by token and
 * head by head: the judge of the graphs, with which it shares nothing. Default rotary frequencies only.
 */
export function referenceLogits(config: DecoderConfig, weights: Weights, ids: readonly number[]): number[][] {
  const { hiddenSize: width, heads, kvHeads, headDim, rmsNormEps } = config;
  const linear = (name: string, x: Row, hasBias: boolean): number[] => {
    const weight = weights(`${name}.weight`);
    const bias = hasBias ? weights(`${name}.bias`) : undefined;
    const outputs = weight.length / x.length;
    return Array.from({ length: outputs }, (_, o) =>
      x.reduce((sum, value, i) => sum + value * (weight[o * x.length + i] ?? NaN), bias?.[o] ?? 0),
    );
  };
  const norm = (name: string, x: Row): number[] => {
    const scale = weights(`${name}.weight`);
    const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
    return x.map((value, i) => (value / Math.sqrt(square + rmsNormEps)) * (scale[i] ?? NaN));
  };
  const splitHeads = (x: Row): number[][] =>
    Array.from({ length: x.length / headDim }, (_, h) => x.slice(h * headDim, (h + 1) * headDim));
  const rotate = (x: Row, position: number): number[] => {
    const half = headDim / 2;
    return x.map((value, i) => {
      const angle = position / Math.pow(config.ropeTheta, (2 * (i % half)) / headDim);
      const other = i < half ? -(x[i + half] ?? NaN) : (x[i - half] ?? NaN);
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const plus = (a: Row, b: Row): number[] => a.map((value, i) => value + (b[i] ?? NaN));

  const embedding = weights('model.embed_tokens.weight');
  let states = ids.map((id) => Array.from(embedding.subarray(id * width, (id + 1) * width)));
  for (let layer = 0; layer < config.layers; layer++) {
    const path = `model.layers.${layer}`;
    const attention = `${path}.self_attn`;
    const window = config.slidingWindows[layer] ?? Infinity;
    const normed = states.map((x) => norm(`${path}.input_layernorm`, x));
    const projected = (kind: string, normName: string | undefined): number[][][] =>
      normed.map((x, position) =>
        splitHeads(linear(`${attention}.${kind}`, x, config.biases.qkv)).map((head) => {
          if (normName === undefined) return head;
          return rotate(config.qkNorm ? norm(`${attention}.${normName}`, head) : head, position);
        }),
      );
    const q = projected('q_proj', 'q_norm');
    const k = projected('k_proj', 'k_norm');
    const v = projected('v_proj', undefined);
    const attended = q.map((queries, position) =>
      queries.flatMap((query, h) => {
        const kv = Math.floor(h / (heads / kvHeads));
        const first = Math.max(0, position - window + 1);
        const seen = Array.from({ length: position - first + 1 }, (_, i) => first + i);
        const scores = seen.map((t) => dot(query, k[t]?.[kv] ?? []) / Math.sqrt(headDim));
        const top = Math.max(...scores);
        const exponentials = scores.map((score) => Math.exp(score - top));
        const total = exponentials.reduce((sum, value) => sum + value, 0);
        return query.map((_, d) =>
          seen.reduce((sum, t, i) => sum + ((exponentials[i] ?? NaN) / total) * (v[t]?.[kv]?.[d] ?? NaN), 0),
        );
      }),
    );
    states = states.map((x, position) =>
      plus(x, linear(`${attention}.o_proj`, attended[position] ?? [], config.biases.output)),
    );
    states = states.map((x) => {
      const input = norm(`${path}.post_attention_layernorm`, x);
      const project = (kind: string, value: Row): number[] =>
        linear(`${path}.mlp.${kind}`, value, config.biases.mlp);
      const up = project('up_proj', input);
      const hidden = project('gate_proj', input).map(
        (gate, i) => (gate / (1 + Math.exp(-gate))) * (up[i] ?? NaN),
      );
      return plus(x, project('down_proj', hidden));
    });
  }
  const head = config.tiedHead ? 'model.embed_tokens' : 'lm_head';
  return states.map((x) => linear(head, norm('model.norm', x), false));
}

function dot(a: Row, b: Row): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
}

import {
  add,
  gather,
  matmul,
  min,
  mul,
  reshape,
  rmsNorm,
  rotary,
  softmax,
  sub,
  swiglu,
  transpose,
} from '../graph/builder';
import { dimProduct, type Dim } from '../graph/dims';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';
import type { CausalInputs } from './causalInputs';
import type { DecoderConfig } from './config';
import {
  EMBEDDING,
  FINAL_NORM,
  headWeight,
  layerPath,
  linearModule,
  type LinearModule,
  type PROJECTIONS,
} from './modules';
import { ropeCaches } from './rope';

/** What a decoder is built from: where its weights come from, and how a linear layer is computed. */
export interface DecoderParts {
  readonly graph: Graph;
  readonly config: DecoderConfig;
  /** A weight under its Hugging Face name: frozen in its file, or trainable. */
  weight(name: string): Value;
  /** y = W x + b of one module, x [rows, inputs] -> [rows, outputs]; adapters come in here. */
  linear(module: LinearModule, x: Value): Value;
  /**
   * The grids [B, Hkv, L, headDim] of one layer's keys and values, from rows [N*Hkv, headDim]. Default: the batch's
   * own rows, gathered; a key-value cache puts its own in place.
   */
  keyValueGrids?(layer: number, keys: Value, values: Value): KeyValueGrids;
}

export interface KeyValueGrids {
  readonly keys: Value;
  readonly values: Value;
}

/** Hidden states after the final norm, and the weight that turns them into logits. */
export interface DecoderOutput {
  /** [S, hiddenSize] */
  readonly hidden: Value;
  /** [vocabSize, hiddenSize] */
  readonly head: Value;
}

/** Rows of the grid in which attention sees queries: see `causalInputForms`. */
interface QueryGrid {
  readonly rows: Dim;
  readonly positions: Value;
  readonly pad: Value;
  readonly real: Value;
  /** Masks the query's gradient; undefined where every row has a slot of its own. */
  readonly realMask: Value | undefined;
  readonly padMask: Value;
  readonly bias: Value;
}

interface Caches {
  readonly query: { readonly cos: Value; readonly sin: Value };
  readonly key: { readonly cos: Value; readonly sin: Value };
}

/**
 * Forward pass of a Llama-form decoder over the real tokens of a batch (no padding anywhere but in attention), whose
 * last layer computes queries, MLP and norm at supervised positions only. `positions` is the length of the rotary
 * caches: no position id may reach it.
 */
export function buildDecoder(parts: DecoderParts, inputs: CausalInputs, positions: number): DecoderOutput {
  const { graph, config } = parts;
  const caches = declareCaches(graph, config, positions);
  const all: QueryGrid = {
    rows: 'N',
    positions: inputs.positionIds,
    pad: inputs.queryPad,
    real: inputs.queryReal,
    realMask: undefined,
    padMask: inputs.queryMask,
    bias: attentionBias(graph, inputs.queryEnd, inputs.queryStart, inputs.keyIndex),
  };
  const supervisedRows = inputs.supervised.shape[0] ?? 0;
  const supervised: QueryGrid = {
    rows: supervisedRows,
    positions: inputs.positionIdsSupervised,
    pad: inputs.lastQueryPad,
    real: inputs.lastQueryReal,
    realMask: reshape(graph, inputs.lastQueryRealMask, [supervisedRows, config.heads, 1]),
    padMask: inputs.lastQueryMask,
    bias: attentionBias(graph, inputs.lastQueryEnd, inputs.lastQueryStart, inputs.keyIndex),
  };

  let residual = graph.scoped('model.embed_tokens', () =>
    gather(graph, parts.weight(EMBEDDING), inputs.inputIds),
  );
  for (let layer = 0; layer < config.layers; layer++) {
    const last = layer === config.layers - 1;
    graph.checkpoints.add(residual);
    residual = graph.scoped(layerPath(layer), () =>
      decoderLayer(parts, inputs, caches, last ? supervised : all, layer, residual, last),
    );
  }
  graph.checkpoints.add(residual);
  const hidden = graph.scoped('model.norm', () =>
    rmsNorm(graph, residual, parts.weight(FINAL_NORM), config.rmsNormEps),
  );
  return { hidden, head: parts.weight(headWeight(config)) };
}

function decoderLayer(
  parts: DecoderParts,
  inputs: CausalInputs,
  caches: Caches,
  queries: QueryGrid,
  layer: number,
  residual: Value,
  last: boolean,
): Value {
  const { graph, config } = parts;
  const path = layerPath(layer);
  const norm = (name: string, x: Value): Value =>
    rmsNorm(graph, x, parts.weight(`${path}.${name}.weight`), config.rmsNormEps);
  const adjoint = { indices: inputs.supervisedInverse, mask: inputs.supervisedMask };
  const onQueries = (x: Value): Value => (last ? gather(graph, x, inputs.supervised, adjoint) : x);

  const normed = norm('input_layernorm', residual);
  const attended = graph.scoped('self_attn', () =>
    attention(parts, inputs, caches, queries, layer, normed, onQueries(normed)),
  );
  const middle = add(graph, onQueries(residual), attended);
  graph.checkpoints.add(middle);
  return graph.scoped('mlp', () => {
    const project = (kind: (typeof PROJECTIONS)[number], x: Value): Value =>
      parts.linear(linearModule(config, layer, kind), x);
    const normedMiddle = norm('post_attention_layernorm', middle);
    const activated = swiglu(graph, project('gate_proj', normedMiddle), project('up_proj', normedMiddle));
    return add(graph, middle, project('down_proj', activated));
  });
}

/** Grouped-query attention: `keys` [N, hidden] are all real tokens, `queries` [rows, hidden] those that ask. */
function attention(
  parts: DecoderParts,
  inputs: CausalInputs,
  caches: Caches,
  grid: QueryGrid,
  layer: number,
  keys: Value,
  queries: Value,
): Value {
  const { graph, config } = parts;
  const { heads, kvHeads, headDim } = config;
  const path = `${layerPath(layer)}.self_attn`;
  const project = (kind: (typeof PROJECTIONS)[number], x: Value): Value =>
    parts.linear(linearModule(config, layer, kind), x);
  /** [rows, count*headDim] -> [rows*count, headDim], normed (Qwen3) and rotated. */
  const toHeads = (
    x: Value,
    rows: Dim,
    count: number,
    rotation?: { readonly norm: string; readonly positions: Value; readonly cos: Value; readonly sin: Value },
  ): Value => {
    const flat = [dimProduct([rows, count]), headDim];
    if (rotation === undefined) return reshape(graph, x, flat);
    let states = x;
    if (config.qkNorm) {
      states = rmsNorm(
        graph,
        reshape(graph, states, flat),
        parts.weight(`${path}.${rotation.norm}.weight`),
        config.rmsNormEps,
      );
    }
    const rotated = rotary(
      graph,
      reshape(graph, states, [rows, 1, count * headDim]),
      rotation.positions,
      rotation.cos,
      rotation.sin,
      headDim,
    );
    return reshape(graph, rotated, flat);
  };

  const q = toHeads(project('q_proj', queries), grid.rows, heads, {
    norm: 'q_norm',
    positions: grid.positions,
    ...caches.query,
  });
  const k = toHeads(project('k_proj', keys), 'N', kvHeads, {
    norm: 'k_norm',
    positions: inputs.positionIds,
    ...caches.key,
  });
  const v = toHeads(project('v_proj', keys), 'N', kvHeads);

  const queryGrid = gather(graph, q, grid.pad, { indices: grid.real, mask: grid.realMask });
  const adjoint = { indices: inputs.kvReal };
  const kv = parts.keyValueGrids?.(layer, k, v) ?? {
    keys: gather(graph, k, inputs.kvPad, adjoint),
    values: gather(graph, v, inputs.kvPad, adjoint),
  };
  const scores = matmul(graph, queryGrid, transpose(graph, kv.keys, [0, 1, 3, 2]), 'scores');
  const probabilities = softmax(graph, add(graph, scores, grid.bias));
  const outputGrid = matmul(graph, probabilities, kv.values);
  const slots = dimProduct(grid.pad.shape);
  const output = gather(graph, reshape(graph, outputGrid, [slots, headDim]), grid.real, {
    indices: grid.pad,
    mask: grid.padMask,
  });
  return project('o_proj', reshape(graph, output, [grid.rows, heads * headDim]));
}

/**
 * What is added to the scores [B, Hkv, G*L, L]: 0 where the key lies in [query_start, query_end], else at least
 * 1e30 below. One formula serves causality, packing, sliding windows and padding.
 */
function attentionBias(graph: Graph, end: Value, start: Value, key: Value): Value {
  return graph.scoped('attention_bias', () => {
    const inside = min(graph, sub(graph, end, key), sub(graph, key, start));
    return mul(graph, min(graph, inside, graph.scalar(0)), graph.scalar(1e30));
  });
}

function declareCaches(graph: Graph, config: DecoderConfig, positions: number): Caches {
  const { headDim, ropeTheta, ropeScaling } = config;
  const declare = (name: string, scale: number): { cos: Value; sin: Value } => {
    const { cos, sin } = ropeCaches(positions, headDim, ropeTheta, ropeScaling, scale);
    const shape = [positions, headDim / 2];
    return {
      cos: graph.constant(`${name}_cos`, { dtype: 'f32', shape, data: cos }),
      sin: graph.constant(`${name}_sin`, { dtype: 'f32', shape, data: sin }),
    };
  };
  return { query: declare('rope_query', 1 / Math.sqrt(headDim)), key: declare('rope_key', 1) };
}

import { reshape } from '../graph/builder';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';
import type { DecoderConfig } from './config';
import type { KeyValueGrids } from './decoder';

/** Names of the cache's inputs and outputs. */
export const cacheNames = {
  /** [N*Hkv, 1] i64: for token n and head kv the cache's row kv*C + position. */
  slots: 'cache_slots',
  /** [1, 1, 1, C]: the position held by each place, 1e8 where it is empty; stands in for `key_index`. */
  keyIndex: 'cache_key_index',
  past: (kind: 'key' | 'value', layer: number): string => `past_${kind}:${layer}`,
  present: (kind: 'key' | 'value', layer: number): string => `present_${kind}:${layer}`,
} as const;

/** Rows of one layer's cache: [kvHeads * C, headDim], head by head, C places each. */
const ROWS = (kvHeads: number): string => `${kvHeads}*C`;

export interface KeyValueCache {
  readonly keyIndex: Value;
  /** Writes a layer's new keys and values into its cache and gives the whole of it as grids. */
  readonly grids: (layer: number, keys: Value, values: Value) => KeyValueGrids;
  /** The caches after the new tokens, all layers. */
  updated(): readonly Value[];
}

/**
 * Declares a key-value cache of C places a layer for one sequence. Its size stays the same while it fills, so that the
 * same graph serves the prompt and each later token.
 */
export function declareKeyValueCache(graph: Graph, { kvHeads, headDim }: DecoderConfig): KeyValueCache {
  const rows = kvHeads === 1 ? 'C' : ROWS(kvHeads);
  const slots = graph.input(cacheNames.slots, 'i64', [kvHeads === 1 ? 'N' : `${kvHeads}*N`, 1]);
  const keyIndex = graph.input(cacheNames.keyIndex, 'f32', [1, 1, 1, 'C']);
  const present: Value[] = [];
  const write = (kind: 'key' | 'value', layer: number, fresh: Value): Value => {
    const past = graph.input(cacheNames.past(kind, layer), 'f32', [rows, headDim]);
    const name = cacheNames.present(kind, layer);
    const whole = graph.add('ScatterND', [past, slots, fresh], { reduction: 'none' }, { name });
    present.push(whole);
    return reshape(graph, whole, [1, kvHeads, 'C', headDim]);
  };
  return {
    keyIndex,
    grids: (layer, keys, values) => ({
      keys: write('key', layer, keys),
      values: write('value', layer, values),
    }),
    updated: () => present,
  };
}

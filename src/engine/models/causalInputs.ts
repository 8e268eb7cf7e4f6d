import { dimProduct, type Dim, type Shape } from '../graph/dims';
import type { Graph } from '../graph/graph';
import type { DType, Value } from '../graph/types';

/** What the forms of the inputs depend on: query heads and key-value heads of the model's attention. */
export interface CausalHeads {
  readonly heads: number;
  readonly kvHeads: number;
  /** Parts in which the cross-entropy is computed: S is a multiple of it. Default 1. */
  readonly chunks?: number;
}

/**
 * Symbols of a causal language model's graph, bound by each batch:
 *   N  real tokens of the micro-batch, no padding
 *   B  rows of the padded form
 *   L  length of the longest row
 *   S  supervised positions, filled up with weight-0 entries to a multiple of the cross-entropy's chunks; in the
 *      graph it is `chunks * K`, K the positions of one chunk
 *   Q  most supervised positions of a row
 */
const CAUSAL_SYMBOLS = { tokens: 'N', rows: 'B', length: 'L', chunk: 'K', queries: 'Q' } as const;

/** Name, element type and shape of one input of the graph. */
interface InputForm {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What stands in padded places of `key_index`: a key later than every query, so that none attends to it. */
export const PADDED_KEY_INDEX = 1e8;

const { tokens: N, rows: B, length: L, chunk: K, queries: Q } = CAUSAL_SYMBOLS;

/**
 * The inputs of a causal language model's graph: the one place that both the model builders (which declare them)
 * and the batch layout (which fills them) read. H heads, Hkv key-value heads, G = H / Hkv; a head h = kv*G + g.
 *
 * Linear layers, norms and activations run on the N real tokens; attention alone sees the padded batch of B rows
 * of length L. The index tensors gather from one form to the other. They are one-to-one on real tokens, so each is
 * the other's inverse and gradients are gathered as well (`Node.adjoint`).
 *
 *   input_ids [N]                  the token
 *   position_ids [N, 1] i64        its place in its own sample, from 0 (rotary embedding: each token is a batch of
 *                                  its own, since the kernel wants the cache to be as long as a sequence)
 *   query_pad [B, Hkv, G*L]        for slot g*L + l of row b and key-value head kv: row n*H + kv*G + g of q as
 *                                  [N*H, d]; 0 on padding
 *   kv_pad [B, Hkv, L]             likewise n*Hkv + kv into k and v as [N*Hkv, d]; 0 on padding
 *   query_real [N, H]              the inverse of query_pad: row of the [B*Hkv*G*L, d] grid
 *   kv_real [N, Hkv]               the inverse of kv_pad
 *   query_mask [B, Hkv, G*L, 1]    1 on real slots, 0 on padding
 *   query_end [B, 1, G*L, 1]       last key that the query may see: its own index in the batch; -1 on padding
 *   query_start [B, 1, G*L, 1]     first key that it may see: its sample's first, or later under a sliding
 *                                  window; 0 on padding
 *   key_index [B, 1, 1, L]         the key's index 0..N-1 in the batch; 1e8 on padding
 *
 * The last layer computes queries, attention rows and everything after them at supervised positions only:
 *
 *   supervised [S]                 token of each supervised position; 0 in weight-0 entries
 *   supervised_inverse [N]         the position in `supervised` of each token; 0 where it has none
 *   supervised_mask [N, 1]         1 where the token is supervised, else 0
 *   position_ids_s [S, 1] i64      `position_ids` of `supervised`
 *   last_query_pad [B, Hkv, G*Q]   as query_pad, into [S*H, d]: s*H + kv*G + g; 0 on padding
 *   last_query_real [S, H]         its inverse: row of the [B*Hkv*G*Q, d] grid; slot 0 for weight-0 entries
 *   last_query_real_mask [S*H, 1]  1 on supervised positions, 0 in weight-0 entries: masks what last_query_real
 *                                  gathers back, or weight-0 entries would get slot 0's gradient
 *   last_query_mask, last_query_end, last_query_start   as query_mask, query_end, query_start
 *   labels [S]                     the token after each supervised position; 0 in weight-0 entries
 *   loss_weights [S]               1 / supervised tokens of the whole optimiser step; 0 in weight-0 entries
 *
 * Every integer is i32 but the two position_ids.
 */
export function causalInputForms({ heads, kvHeads, chunks = 1 }: CausalHeads) {
  const S: Dim = dimProduct([chunks, K]);
  const group = heads / kvHeads;
  const GL: Dim = dimProduct([group, L]);
  const GQ: Dim = dimProduct([group, Q]);
  const SH: Dim = dimProduct([heads, S]);
  return {
    inputIds: { name: 'input_ids', dtype: 'i32', shape: [N] },
    positionIds: { name: 'position_ids', dtype: 'i64', shape: [N, 1] },
    queryPad: { name: 'query_pad', dtype: 'i32', shape: [B, kvHeads, GL] },
    kvPad: { name: 'kv_pad', dtype: 'i32', shape: [B, kvHeads, L] },
    queryReal: { name: 'query_real', dtype: 'i32', shape: [N, heads] },
    kvReal: { name: 'kv_real', dtype: 'i32', shape: [N, kvHeads] },
    queryMask: { name: 'query_mask', dtype: 'f32', shape: [B, kvHeads, GL, 1] },
    queryEnd: { name: 'query_end', dtype: 'f32', shape: [B, 1, GL, 1] },
    queryStart: { name: 'query_start', dtype: 'f32', shape: [B, 1, GL, 1] },
    keyIndex: { name: 'key_index', dtype: 'f32', shape: [B, 1, 1, L] },
    supervised: { name: 'supervised', dtype: 'i32', shape: [S] },
    supervisedInverse: { name: 'supervised_inverse', dtype: 'i32', shape: [N] },
    supervisedMask: { name: 'supervised_mask', dtype: 'f32', shape: [N, 1] },
    positionIdsSupervised: { name: 'position_ids_s', dtype: 'i64', shape: [S, 1] },
    lastQueryPad: { name: 'last_query_pad', dtype: 'i32', shape: [B, kvHeads, GQ] },
    lastQueryReal: { name: 'last_query_real', dtype: 'i32', shape: [S, heads] },
    lastQueryRealMask: { name: 'last_query_real_mask', dtype: 'f32', shape: [SH, 1] },
    lastQueryMask: { name: 'last_query_mask', dtype: 'f32', shape: [B, kvHeads, GQ, 1] },
    lastQueryEnd: { name: 'last_query_end', dtype: 'f32', shape: [B, 1, GQ, 1] },
    lastQueryStart: { name: 'last_query_start', dtype: 'f32', shape: [B, 1, GQ, 1] },
    labels: { name: 'labels', dtype: 'i32', shape: [S] },
    lossWeights: { name: 'loss_weights', dtype: 'f32', shape: [S] },
  } as const satisfies Readonly<Record<string, InputForm>>;
}

/** Keys of `causalInputForms`. */
export type CausalInputKey = keyof ReturnType<typeof causalInputForms>;

/** The declared inputs by key. */
export type CausalInputs = Readonly<Record<CausalInputKey, Value>>;

/**
 * Declares in `graph` every input of `causalInputForms`; the batch layout gives them all, under the same names.
 */
export function declareCausalInputs(graph: Graph, heads: CausalHeads): CausalInputs {
  const declare = ({ name, dtype, shape }: InputForm): Value => graph.input(name, dtype, shape);
  const forms = causalInputForms(heads);
  return {
    inputIds: declare(forms.inputIds),
    positionIds: declare(forms.positionIds),
    queryPad: declare(forms.queryPad),
    kvPad: declare(forms.kvPad),
    queryReal: declare(forms.queryReal),
    kvReal: declare(forms.kvReal),
    queryMask: declare(forms.queryMask),
    queryEnd: declare(forms.queryEnd),
    queryStart: declare(forms.queryStart),
    keyIndex: declare(forms.keyIndex),
    supervised: declare(forms.supervised),
    supervisedInverse: declare(forms.supervisedInverse),
    supervisedMask: declare(forms.supervisedMask),
    positionIdsSupervised: declare(forms.positionIdsSupervised),
    lastQueryPad: declare(forms.lastQueryPad),
    lastQueryReal: declare(forms.lastQueryReal),
    lastQueryRealMask: declare(forms.lastQueryRealMask),
    lastQueryMask: declare(forms.lastQueryMask),
    lastQueryEnd: declare(forms.lastQueryEnd),
    lastQueryStart: declare(forms.lastQueryStart),
    labels: declare(forms.labels),
    lossWeights: declare(forms.lossWeights),
  };
}

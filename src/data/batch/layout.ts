import {
  causalInputForms,
  PADDED_KEY_INDEX,
  type CausalHeads,
  type CausalInputKey,
} from '../../engine/models/causalInputs';
import { evaluateDim, type DimBindings } from '../../engine/graph/dims';
import type { HostTensor } from '../../engine/graph/types';
import { supervisedCount, type PaddedRow } from './tokenRow';

/** What of the model and the step a batch's form depends on. */
export interface LayoutOptions extends CausalHeads {
  /** Keys that a query may see at most, itself among them (Mistral's sliding window). */
  readonly slidingWindow?: number | undefined;
  /** Parts that the cross-entropy is computed in: the supervised positions are filled up to a multiple. */
  readonly chunks: number;
  /** Weight of each supervised position: 1 / the supervised tokens of the whole optimiser step. */
  readonly lossWeight: number;
}

/** One micro-batch, ready to be fed to a graph whose inputs `declareCausalInputs` declared. */
export interface CausalBatch {
  /** Every input of `causalInputForms`, by name. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** What the graph's symbols stand for. */
  readonly bindings: DimBindings;
  /** Supervised positions. */
  readonly tokens: number;
  /** Tokens without padding. */
  readonly inputTokens: number;
  /** Numbers of the samples in the dataset. */
  readonly rows: readonly number[];
}

type TensorSet = { readonly [K in CausalInputKey]: HostTensor['data'] };

/** Sizes that the symbols stand for, and the number of real supervised positions. */
function measure(rows: readonly PaddedRow[], chunks: number) {
  let tokens = 0;
  let length = 1;
  let supervised = 0;
  let queries = 1;
  for (const row of rows) {
    let rowLength = 0;
    let rowSupervised = 0;
    for (const sample of row) {
      rowLength += sample.ids.length;
      rowSupervised += supervisedCount(sample);
    }
    tokens += rowLength;
    length = Math.max(length, rowLength);
    supervised += rowSupervised;
    queries = Math.max(queries, rowSupervised);
  }
  const chunk = Math.max(1, Math.ceil(supervised / chunks));
  return { bindings: { N: tokens, B: rows.length, L: length, K: chunk, Q: queries }, supervised };
}

/** Index tensors between the tokens' form and the padded form of attention; one-to-one on real tokens. */
function gridIndices(
  count: number,
  slotOf: Int32Array,
  rowOf: Int32Array,
  grid: { readonly rows: number; readonly length: number; readonly kvHeads: number; readonly group: number },
) {
  const { rows, length, kvHeads, group } = grid;
  const heads = kvHeads * group;
  const pad = new Int32Array(rows * kvHeads * group * length);
  const mask = new Float32Array(pad.length);
  const real = new Int32Array(count * heads);
  for (let n = 0; n < count; n++) {
    const first = (rowOf[n] ?? 0) * heads * length + (slotOf[n] ?? 0);
    // Head h = kv*group + g lies at [row, kv, g*length + slot], which is `length` further for each h.
    for (let h = 0; h < heads; h++) {
      const at = first + h * length;
      pad[at] = n * heads + h;
      mask[at] = 1;
      real[n * heads + h] = at;
    }
  }
  return { pad, mask, real };
}

/** The keys that each query of a padded form [rows, group*length] may see: `end` -1 and `start` 0 on padding. */
function visibleKeys(
  tokens: Int32Array,
  count: number,
  slotOf: Int32Array,
  rowOf: Int32Array,
  starts: Int32Array,
  grid: { readonly rows: number; readonly length: number; readonly group: number },
) {
  const { rows, length, group } = grid;
  const end = new Float32Array(rows * group * length).fill(-1);
  const start = new Float32Array(end.length);
  for (let i = 0; i < count; i++) {
    const token = tokens[i] ?? 0;
    const first = (rowOf[i] ?? 0) * group * length + (slotOf[i] ?? 0);
    for (let g = 0; g < group; g++) {
      end[first + g * length] = token;
      start[first + g * length] = starts[token] ?? 0;
    }
  }
  return { end, start };
}

/**
 * Lays samples out as one micro-batch. `rows` are the rows of the padded form: one sample each, or several where they
 * are packed; packed samples count their positions from 0 and never see each other's keys.
 */
export function layoutBatch(rows: readonly PaddedRow[], options: LayoutOptions): CausalBatch {
  const { heads, kvHeads, chunks, lossWeight, slidingWindow = Infinity } = options;
  const group = heads / kvHeads;
  const { bindings, supervised: real } = measure(rows, chunks);
  const { N, B, L, K, Q } = bindings;
  const S = chunks * K;

  const inputIds = new Int32Array(N);
  const positionIds = new BigInt64Array(N);
  const rowOf = new Int32Array(N);
  const slotOf = new Int32Array(N);
  /** First key that each token may see. */
  const starts = new Int32Array(N);
  const keyIndex = new Float32Array(B * L).fill(PADDED_KEY_INDEX);
  const supervised = new Int32Array(S);
  const supervisedInverse = new Int32Array(N);
  const supervisedMask = new Float32Array(N);
  const positionIdsSupervised = new BigInt64Array(S);
  const lastRowOf = new Int32Array(S);
  const lastSlotOf = new Int32Array(S);
  const labels = new Int32Array(S);
  const lossWeights = new Float32Array(S);
  const numbers: number[] = [];

  let n = 0;
  let s = 0;
  for (const [b, row] of rows.entries()) {
    let slot = 0;
    let lastSlot = 0;
    for (const sample of row) {
      const { ids } = sample;
      const first = n;
      numbers.push(sample.index);
      for (let t = 0; t < ids.length; t++) {
        inputIds[n] = ids[t] ?? 0;
        positionIds[n] = BigInt(t);
        rowOf[n] = b;
        slotOf[n] = slot;
        starts[n] = Math.max(first, n - slidingWindow + 1);
        keyIndex[b * L + slot] = n;
        if (t + 1 < ids.length && sample.supervised[t + 1] === 1) {
          supervised[s] = n;
          supervisedInverse[n] = s;
          supervisedMask[n] = 1;
          positionIdsSupervised[s] = BigInt(t);
          lastRowOf[s] = b;
          lastSlotOf[s] = lastSlot++;
          labels[s] = ids[t + 1] ?? 0;
          lossWeights[s] = lossWeight;
          s++;
        }
        slot++;
        n++;
      }
    }
  }

  const everyToken = Int32Array.from({ length: N }, (_, i) => i);
  const query = gridIndices(N, slotOf, rowOf, { rows: B, length: L, kvHeads, group });
  const kv = gridIndices(N, slotOf, rowOf, { rows: B, length: L, kvHeads, group: 1 });
  const keys = visibleKeys(everyToken, N, slotOf, rowOf, starts, { rows: B, length: L, group });
  const last = gridIndices(real, lastSlotOf, lastRowOf, { rows: B, length: Q, kvHeads, group });
  const lastKeys = visibleKeys(supervised, real, lastSlotOf, lastRowOf, starts, {
    rows: B,
    length: Q,
    group,
  });
  const lastQueryReal = new Int32Array(S * heads);
  lastQueryReal.set(last.real);

  const data: TensorSet = {
    inputIds,
    positionIds,
    queryPad: query.pad,
    kvPad: kv.pad,
    queryReal: query.real,
    kvReal: kv.real,
    queryMask: query.mask,
    queryEnd: keys.end,
    queryStart: keys.start,
    keyIndex,
    supervised,
    supervisedInverse,
    supervisedMask,
    positionIdsSupervised,
    lastQueryPad: last.pad,
    lastQueryReal,
    lastQueryRealMask: new Float32Array(S * heads).fill(1, 0, real * heads),
    lastQueryMask: last.mask,
    lastQueryEnd: lastKeys.end,
    lastQueryStart: lastKeys.start,
    labels,
    lossWeights,
  };
  return { feeds: asFeeds(data, options, bindings), bindings, tokens: real, inputTokens: N, rows: numbers };
}

function asFeeds(data: TensorSet, heads: CausalHeads, bindings: DimBindings): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  const forms = causalInputForms(heads);
  let key: CausalInputKey;
  for (key in forms) {
    const { name, dtype, shape } = forms[key];
    feeds[name] = { dtype, shape: shape.map((dim) => evaluateDim(dim, bindings)), data: data[key] };
  }
  return feeds;
}

import type { HostTensor } from '../graph/types';
import { causalInputForms, PADDED_KEY_INDEX } from './causalInputs';
import type { DecoderConfig } from './config';
import { cacheNames } from './keyValueCache';

/**
 * Feeds of the generation graph (but for the caches) for `tokens` of one sequence that come after `past` others: one
 * row, no padding, logits at the last token alone. The cache has `capacity` places and holds position p at place p.
 */
export function generationFeeds(
  config: DecoderConfig,
  tokens: readonly number[],
  past: number,
  capacity: number,
): Readonly<Record<string, HostTensor>> {
  const { heads, kvHeads, slidingWindows } = config;
  const group = heads / kvHeads;
  const count = tokens.length;
  const window = slidingWindows[0] ?? Infinity;
  const forms = causalInputForms(config);
  const feeds: Record<string, HostTensor> = {};
  const ints = (name: string, shape: readonly number[], at: (i: number) => number): void => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    feeds[name] = { dtype: 'i32', shape, data: Int32Array.from({ length: size }, (_, i) => at(i)) };
  };
  const floats = (name: string, shape: readonly number[], at: (i: number) => number): void => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    feeds[name] = { dtype: 'f32', shape, data: Float32Array.from({ length: size }, (_, i) => at(i)) };
  };
  const longs = (name: string, shape: readonly number[], at: (i: number) => number): void => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    feeds[name] = {
      dtype: 'i64',
      shape,
      data: BigInt64Array.from({ length: size }, (_, i) => BigInt(at(i))),
    };
  };
  /** Slot (kv, g, t) of the query grid <-> row t*H + kv*G + g, with `rows` queries. */
  const padded =
    (rows: number) =>
    (slot: number): number =>
      (slot % rows) * heads + Math.floor(slot / rows);
  const real =
    (rows: number) =>
    (i: number): number =>
      (i % heads) * rows + Math.floor(i / heads);
  const start = (position: number): number => Math.max(0, position - window + 1);

  ints(forms.inputIds.name, [count], (t) => tokens[t] ?? 0);
  longs(forms.positionIds.name, [count, 1], (t) => past + t);
  ints(forms.queryPad.name, [1, kvHeads, group * count], padded(count));
  ints(forms.queryReal.name, [count, heads], real(count));
  ints(forms.kvPad.name, [1, kvHeads, count], (i) => (i % count) * kvHeads + Math.floor(i / count));
  ints(forms.kvReal.name, [count, kvHeads], (i) => (i % kvHeads) * count + Math.floor(i / kvHeads));
  floats(forms.queryMask.name, [1, kvHeads, group * count, 1], () => 1);
  floats(forms.queryEnd.name, [1, 1, group * count, 1], (i) => past + (i % count));
  floats(forms.queryStart.name, [1, 1, group * count, 1], (i) => start(past + (i % count)));
  floats(forms.keyIndex.name, [1, 1, 1, count], (t) => past + t);

  const last = count - 1;
  ints(forms.supervised.name, [1], () => last);
  ints(forms.supervisedInverse.name, [count], () => 0);
  floats(forms.supervisedMask.name, [count, 1], (t) => (t === last ? 1 : 0));
  longs(forms.positionIdsSupervised.name, [1, 1], () => past + last);
  ints(forms.lastQueryPad.name, [1, kvHeads, group], padded(1));
  ints(forms.lastQueryReal.name, [1, heads], real(1));
  floats(forms.lastQueryRealMask.name, [heads, 1], () => 1);
  floats(forms.lastQueryMask.name, [1, kvHeads, group, 1], () => 1);
  floats(forms.lastQueryEnd.name, [1, 1, group, 1], () => past + last);
  floats(forms.lastQueryStart.name, [1, 1, group, 1], () => start(past + last));
  ints(forms.labels.name, [1], () => 0);
  floats(forms.lossWeights.name, [1], () => 0);

  const known = past + count;
  longs(
    cacheNames.slots,
    [count * kvHeads, 1],
    (i) => (i % kvHeads) * capacity + past + Math.floor(i / kvHeads),
  );
  floats(cacheNames.keyIndex, [1, 1, 1, capacity], (p) => (p < known ? p : PADDED_KEY_INDEX));
  return feeds;
}

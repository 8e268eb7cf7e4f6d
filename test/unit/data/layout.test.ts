import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutBatch, type CausalBatch, type LayoutOptions } from '../../../src/data/batch/layout';
import { layoutStep } from '../../../src/data/batch/step';
import type { PaddedRow, TokenRow } from '../../../src/data/batch/tokenRow';
import { causalInputForms } from '../../../src/engine/models/causalInputs';
import { elementCount } from '../../../src/engine/graph/dims';

function numbers(batch: CausalBatch, name: string): number[] {
  const feed = batch.feeds[name];
  if (feed === undefined) throw new Error(`no feed ${name}`);
  return Array.from(feed.data as ArrayLike<number | bigint>, Number);
}

/** A token of the batch, told in terms of the samples it came from. */
interface Token {
  readonly id: number;
  readonly position: number;
  readonly sample: number;
  readonly row: number;
  readonly label: number | undefined;
}

function tokensOf(rows: readonly PaddedRow[]): Token[] {
  let sample = -1;
  return rows.flatMap((packed, row) =>
    packed.flatMap(({ ids, supervised }) => {
      sample++;
      const of = sample;
      return Array.from(ids, (id, position) => ({
        id,
        position,
        sample: of,
        row,
        label: supervised[position + 1] === 1 ? ids[position + 1] : undefined,
      }));
    }),
  );
}

/** Checks one padded form of queries, gathered from `source` (token of each row), against the definition. */
function checkQueries(
  batch: CausalBatch,
  tokens: readonly Token[],
  source: readonly number[],
  names: { pad: string; real: string; mask: string; end: string; start: string },
  options: LayoutOptions,
): void {
  const { heads, kvHeads, slidingWindow = Infinity } = options;
  const group = heads / kvHeads;
  const { B = 0, L = 0 } = batch.bindings;
  const [pad, real, mask, end, start] = [names.pad, names.real, names.mask, names.end, names.start].map(
    (name) => numbers(batch, name),
  ) as [number[], number[], number[], number[], number[]];
  const length = pad.length / (B * heads);
  const keys = numbers(batch, 'key_index');
  const kvPad = numbers(batch, 'kv_pad');
  // There and back is the identity on real rows, and the mask marks exactly the slots that are reached.
  const reached = new Set<number>();
  for (const [i, at] of real.slice(0, source.length * heads).entries()) {
    expect(pad[at]).toBe(i);
    reached.add(at);
  }
  expect(reached.size).toBe(source.length * heads);
  for (let at = 0; at < pad.length; at++) {
    expect(mask[at]).toBe(reached.has(at) ? 1 : 0);
    const b = Math.floor(at / (heads * length));
    const kv = Math.floor(at / (group * length)) % kvHeads;
    const slot = at % (group * length);
    const visible = (l: number): boolean => {
      const key = keys[b * L + l] ?? NaN;
      const e = end[b * group * length + slot] ?? NaN;
      const s = start[b * group * length + slot] ?? NaN;
      return Math.min(Math.min(e - key, key - s), 0) === 0;
    };
    const seen = new Set<number>();
    for (let l = 0; l < L; l++) {
      if (!visible(l)) continue;
      const from = kvPad[(b * kvHeads + kv) * L + l] ?? NaN;
      expect(from % kvHeads).toBe(kv);
      seen.add(Math.floor(from / kvHeads));
    }
    if (!reached.has(at)) {
      expect(seen.size).toBe(0);
      continue;
    }
    const head = (pad[at] ?? NaN) % heads;
    expect(Math.floor(head / group)).toBe(kv);
    expect(head % group).toBe(Math.floor(slot / length));
    const n = source[Math.floor((pad[at] ?? NaN) / heads)] ?? NaN;
    expect(tokens[n]?.row).toBe(b);
    const expected = tokens.flatMap((other, m) =>
      other.sample === tokens[n]?.sample && m <= n && n - m < slidingWindow ? [m] : [],
    );
    expect([...seen].sort((x, y) => x - y)).toEqual(expected);
  }
}

function check(rows: readonly PaddedRow[], options: LayoutOptions): void {
  const batch = layoutBatch(rows, options);
  const tokens = tokensOf(rows);
  const { heads, kvHeads, chunks, lossWeight } = options;
  for (const { name, dtype, shape } of Object.values(causalInputForms(options))) {
    const feed = batch.feeds[name];
    expect(feed?.dtype).toBe(dtype);
    expect(feed?.data.length).toBe(elementCount(shape, batch.bindings));
    expect(feed?.shape.reduce((a, b) => a * b, 1)).toBe(feed?.data.length);
  }
  expect(numbers(batch, 'input_ids')).toEqual(tokens.map((token) => token.id));
  expect(numbers(batch, 'position_ids')).toEqual(tokens.map((token) => token.position));
  expect(batch.inputTokens).toBe(tokens.length);
  expect(batch.rows).toEqual(rows.flat().map((sample) => sample.index));

  // keys and values: there and back
  const kvPad = numbers(batch, 'kv_pad');
  for (const [i, at] of numbers(batch, 'kv_real').entries()) expect(kvPad[at]).toBe(i);
  expect(numbers(batch, 'kv_real')).toHaveLength(tokens.length * kvHeads);
  const everyToken = tokens.map((_, n) => n);
  const all = {
    pad: 'query_pad',
    real: 'query_real',
    mask: 'query_mask',
    end: 'query_end',
    start: 'query_start',
  };
  checkQueries(batch, tokens, everyToken, all, options);

  // supervised positions
  const positions = everyToken.filter((n) => tokens[n]?.label !== undefined);
  const S = chunks * (batch.bindings['K'] ?? 0);
  const filling = Array.from({ length: S - positions.length }, () => 0);
  expect(S % chunks).toBe(0);
  expect(S).toBeGreaterThan(0);
  expect(filling.length).toBeLessThanOrEqual(positions.length === 0 ? chunks : chunks - 1);
  expect(batch.tokens).toBe(positions.length);
  expect(numbers(batch, 'supervised')).toEqual([...positions, ...filling]);
  expect(numbers(batch, 'position_ids_s')).toEqual([
    ...positions.map((n) => tokens[n]?.position),
    ...filling,
  ]);
  expect(numbers(batch, 'labels')).toEqual([...positions.map((n) => tokens[n]?.label), ...filling]);
  expect(numbers(batch, 'loss_weights')).toEqual([
    ...positions.map(() => Math.fround(lossWeight)),
    ...filling,
  ]);
  const inverse = numbers(batch, 'supervised_inverse');
  const mask = numbers(batch, 'supervised_mask');
  for (const n of everyToken) {
    const at = positions.indexOf(n);
    expect(inverse[n]).toBe(Math.max(at, 0));
    expect(mask[n]).toBe(at < 0 ? 0 : 1);
  }
  const lastReal = numbers(batch, 'last_query_real');
  expect(lastReal.slice(positions.length * heads).every((slot) => slot === 0)).toBe(true);
  expect(numbers(batch, 'last_query_real_mask')).toEqual(
    lastReal.map((_, i) => (i < positions.length * heads ? 1 : 0)),
  );
  const last = {
    pad: 'last_query_pad',
    real: 'last_query_real',
    mask: 'last_query_mask',
    end: 'last_query_end',
    start: 'last_query_start',
  };
  checkQueries(batch, tokens, positions, last, options);
}

function sample(index: number, flags: readonly boolean[]): TokenRow {
  return {
    ids: Int32Array.from(flags, (_, t) => 100 * (index + 1) + t),
    supervised: Uint8Array.from(flags, Number),
    index,
  };
}

const arbitraryRows = fc
  .array(fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((rows) => {
    let index = 0;
    return rows.map((row) => row.map((flags) => sample(index++, flags)));
  });

const arbitraryOptions = fc
  .record({
    kvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    slidingWindow: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    chunks: fc.integer({ min: 1, max: 4 }),
    lossWeight: fc.constantFrom(1, 0.125),
  })
  .map(({ kvHeads, group, ...rest }) => ({ heads: kvHeads * group, kvHeads, ...rest }));

describe('layoutBatch', () => {
  it('lays one plain row out as written', () => {
    const batch = layoutBatch([[sample(4, [false, true, true])]], {
      heads: 2,
      kvHeads: 1,
      chunks: 1,
      lossWeight: 0.5,
    });
    expect(batch.bindings).toEqual({ N: 3, B: 1, L: 3, K: 2, Q: 2 });
    expect(numbers(batch, 'query_pad')).toEqual([0, 2, 4, 1, 3, 5]);
    expect(numbers(batch, 'last_query_pad')).toEqual([0, 2, 1, 3]);
    expect(numbers(batch, 'labels')).toEqual([501, 502]);
    expect(batch.rows).toEqual([4]);
  });

  it('has its defining properties for any rows, packing, heads, window and chunks', () => {
    fc.assert(
      fc.property(arbitraryRows, arbitraryOptions, (rows, options) => check(rows, options)),
      { numRuns: 60 },
    );
  });
});

describe('layoutStep', () => {
  it('weighs every supervised token of the step the same', () => {
    const rows = [sample(0, [false, true, true]), sample(1, [true, true]), sample(2, [false, false, true])];
    const row = (index: number): TokenRow => rows[index] ?? sample(index, []);
    const step = layoutStep({ row }, [[[2, 0]], [[1]]], { heads: 1, kvHeads: 1, chunks: 3 });
    expect(step.tokens).toBe(4);
    expect(step.inputTokens).toBe(8);
    expect(step.rows).toEqual([2, 0, 1]);
    expect(step.batches.map((batch) => batch.tokens)).toEqual([3, 1]);
    for (const batch of step.batches) {
      const weights = numbers(batch, 'loss_weights').filter((weight) => weight !== 0);
      expect(weights).toEqual(Array.from({ length: batch.tokens }, () => 0.25));
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { DecoderConfig } from '../../../../src/engine/models/config';
import { buildLogitsGraph } from '../../../../src/engine/training/stepGraph';
import { referenceLogits } from '../../../support/referenceDecoder';
import {
  sample,
  tinyBatch,
  tinyLogits,
  tinyModel,
  tinySpec,
  tokens,
  worstRow,
} from '../../../support/tinyModel';

const forms: Readonly<Record<string, Partial<DecoderConfig>>> = {
  'grouped queries': {},
  'one key-value head': { kvHeads: 1 },
  'as many key-value heads as heads': { kvHeads: 4 },
  'biases everywhere': { biases: { qkv: true, output: true, mlp: true } },
  'query and key norms, tied head': { qkNorm: true, tiedHead: true },
  'a sliding window': { slidingWindows: [3, 3] },
  'one layer': { layers: 1, slidingWindows: [undefined] },
};

/** The rotary caches are f32, the reference is not. */
const CLOSE = 2e-5;

describe.each(Object.entries(forms))('a decoder with %s', (_, overrides) => {
  const lengths = [7, 3, 1, 5];
  const idsOf = (config: DecoderConfig): number[][] =>
    lengths.map((length, i) => tokens(config, length, 10 + i));

  it('gives the logits of the plain forward pass at every position', async () => {
    const model = await tinyModel(overrides);
    const ids = tokens(model.config, 9);
    const logits = await tinyLogits(model, tinyBatch(model.config, [[sample([...ids, 0])]]));
    expect(worstRow(logits, referenceLogits(model.config, model.weight, ids))).toBeLessThan(CLOSE);
  });

  it('gives each row of a padded batch what it gives the row alone', async () => {
    const model = await tinyModel(overrides);
    const rows = idsOf(model.config).map((ids) => sample(ids));
    const together = await tinyLogits(
      model,
      tinyBatch(
        model.config,
        rows.map((row) => [row]),
      ),
    );
    const alone = [];
    for (const row of rows) {
      if (row.ids.length > 1) alone.push(...(await tinyLogits(model, tinyBatch(model.config, [[row]]))));
    }
    expect(together).toHaveLength(6 + 2 + 0 + 4);
    expect(worstRow(together, alone)).toBeLessThan(1e-9);
  });

  it('never lets samples packed into one row see each other', async () => {
    const model = await tinyModel(overrides);
    const rows = idsOf(model.config).map((ids) => sample(ids));
    const apart = await tinyLogits(
      model,
      tinyBatch(
        model.config,
        rows.map((row) => [row]),
      ),
    );
    const packed = await tinyLogits(model, tinyBatch(model.config, [rows.slice(0, 3), rows.slice(3)]));
    expect(worstRow(packed, apart)).toBeLessThan(1e-9);
  });

  it('computes supervised positions alone as it does all of them', async () => {
    const model = await tinyModel(overrides);
    const marks = [[0, 0, 0, 1, 0, 1, 1], [0, 0, 0], [1], [1, 0, 0, 0, 1]];
    const ids = idsOf(model.config);
    const all = await tinyLogits(
      model,
      tinyBatch(
        model.config,
        ids.map((row) => [sample(row)]),
      ),
    );
    const some = await tinyLogits(
      model,
      tinyBatch(
        model.config,
        ids.map((row, i) => [sample(row, marks[i])]),
      ),
    );
    // Label t is predicted at position t - 1; rows before have 6, 2 and 0 labels.
    const wanted = [2, 4, 5, 8 + 3].map((i) => all[i] ?? new Float64Array());
    expect(worstRow(some, wanted)).toBeLessThan(1e-9);
  });
});

describe('a batch without any label', () => {
  it('still runs, and what stands in the filled positions is finite', async () => {
    const model = await tinyModel();
    const batch = tinyBatch(model.config, [[sample([1, 2, 3], [0, 0, 0])], [sample([4])]]);
    expect(batch.tokens).toBe(0);
    const filled = await tinyLogits(model, { ...batch, tokens: batch.bindings['K'] ?? 0 });
    expect(filled.flatMap((row) => [...row]).every(Number.isFinite)).toBe(true);
  });
});

describe('the chunks of the cross-entropy', () => {
  it('change the number of filled positions but no logit', async () => {
    const model = await tinyModel();
    const row = sample(tokens(model.config, 8));
    const logits = async (chunks: number) =>
      tinyLogits(model, tinyBatch(model.config, [[row]], { chunks }), tinySpec(model, { chunks }));
    expect(worstRow(await logits(4), await logits(1))).toBeLessThan(1e-9);
  });
});

describe('the graph with transposed operands', () => {
  it('computes the same', async () => {
    const model = await tinyModel();
    const batch = tinyBatch(model.config, [[sample(tokens(model.config, 6))], [sample([3, 4])]]);
    const fused = tinySpec(model, { fuseTranspose: true });
    expect(buildLogitsGraph(fused).nodes.some(({ op }) => op === 'FusedMatMul')).toBe(true);
    expect(worstRow(await tinyLogits(model, batch, fused), await tinyLogits(model, batch))).toBeLessThan(
      1e-9,
    );
  });
});

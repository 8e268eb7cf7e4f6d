import { describe, expect, it } from 'vitest';
import type { DecoderConfig } from '../../../../src/engine/models/config';
import { generationFeeds } from '../../../../src/engine/models/generationFeeds';
import { cacheNames } from '../../../../src/engine/models/keyValueCache';
import { buildGenerationGraph, LOGITS } from '../../../../src/engine/training/stepGraph';
import type { HostTensor } from '../../../../src/engine/graph/types';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';
import { referenceLogits } from '../../../support/referenceDecoder';
import { tinyModel, tinySpec, tokens, worstRow, type TinyModel } from '../../../support/tinyModel';

/** Logits after each of `calls`, fed one after the other into one key-value cache of `capacity` places. */
async function generate(
  model: TinyModel,
  calls: readonly (readonly number[])[],
  capacity: number,
): Promise<number[][]> {
  const { config } = model;
  const session = await new InterpreterRuntime('f32').createSession(
    buildGenerationGraph(tinySpec(model, { chunks: 1, positions: capacity })),
    { label: 'generation', weightsFolder: model.folder },
  );
  let cache: Record<string, HostTensor> = {};
  const names = Array.from({ length: config.layers }, (_, layer) => layer).flatMap((layer) =>
    (['key', 'value'] as const).map((kind) => ({
      past: cacheNames.past(kind, layer),
      present: cacheNames.present(kind, layer),
    })),
  );
  const shape = [config.kvHeads * capacity, config.headDim];
  // What stands in empty places must not matter.
  const garbage = new Float32Array(config.kvHeads * capacity * config.headDim).fill(3);
  for (const { past } of names) cache[past] = { dtype: 'f32', shape, data: garbage };
  const logits: number[][] = [];
  let past = 0;
  for (const call of calls) {
    const { host } = await session.run({ ...generationFeeds(config, call, past, capacity), ...cache });
    logits.push(Array.from(host[LOGITS]?.data ?? [], Number));
    cache = Object.fromEntries(
      names.map((name) => [name.past, host[name.present] ?? { dtype: 'f32', shape: [0], data: garbage }]),
    );
    past += call.length;
  }
  return logits;
}

const forms: Readonly<Record<string, Partial<DecoderConfig>>> = {
  'grouped queries': {},
  'one key-value head': { kvHeads: 1 },
  'query and key norms, biases, tied head': {
    qkNorm: true,
    tiedHead: true,
    biases: { qkv: true, output: false, mlp: false },
  },
  'a sliding window': { slidingWindows: [3, 3] },
};

describe.each(Object.entries(forms))('generation with %s', (_, overrides) => {
  it('gives after a prompt and token by token what one pass over the whole gives', async () => {
    const model = await tinyModel(overrides);
    const ids = tokens(model.config, 10);
    const calls = [ids.slice(0, 5), ...ids.slice(5).map((id) => [id])];
    const whole = referenceLogits(model.config, model.weight, ids).slice(4);
    expect(worstRow(await generate(model, calls, 12), whole)).toBeLessThan(1e-4);
  });
});

describe('a key-value cache', () => {
  it('may be filled to its last place, in pieces of any length', async () => {
    const model = await tinyModel();
    const ids = tokens(model.config, 8);
    const calls = [ids.slice(0, 1), ids.slice(1, 4), ids.slice(4, 8)];
    const whole = referenceLogits(model.config, model.weight, ids);
    const wanted = [0, 3, 7].map((position) => whole[position] ?? []);
    expect(worstRow(await generate(model, calls, 8), wanted)).toBeLessThan(1e-4);
  });
});

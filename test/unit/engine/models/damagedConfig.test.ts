import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { weightSpecs } from '../../../../src/engine/models/modules';
import { readModelConfig } from '../../../../src/engine/models/registry';
import { damagedInputs } from '../../../support/damage';

const CONFIG: Readonly<Record<string, unknown>> = {
  architectures: ['Qwen2ForCausalLM'],
  hidden_act: 'silu',
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  head_dim: 8,
  vocab_size: 1000,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  rope_scaling: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 64,
  },
  tie_word_embeddings: true,
  use_sliding_window: true,
  sliding_window: 32,
  max_window_layers: 2,
  layer_types: ['full_attention', 'full_attention', 'sliding_attention', 'sliding_attention'],
};

const wrong = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    '',
    'llama3',
    [],
    {},
    -1,
    0,
    0.5,
    1e9,
    2 ** 31,
    1e300,
    NaN,
    Infinity,
  ),
  fc.constantFrom<unknown>(
    'LlamaForCausalLM',
    ['Qwen3ForCausalLM'],
    ['MistralForCausalLM'],
    ['LlamaForCausalLM', 3],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

it('reads any damaged config of a model as an InputError or as numbers that fit together', () => {
  const changes = fc.array(
    fc.tuple(
      fc.constantFrom(...Object.keys(CONFIG), 'attention_bias', 'mlp_bias', 'rope_parameters'),
      fc.boolean(),
      wrong,
    ),
    { minLength: 1, maxLength: 3 },
  );
  let right = 0;
  fc.assert(
    fc.property(changes, (list) => {
      const config: Record<string, unknown> = { ...CONFIG };
      for (const [key, inside, value] of list) {
        const before = config[key];
        const deep = inside && typeof before === 'object' && before !== null && !Array.isArray(before);
        config[key] = deep ? { ...before, factor: value } : value;
      }
      try {
        const read = readModelConfig(config, 'config.json');
        right++;
        expect(read.heads % read.kvHeads).toBe(0);
        expect(read.slidingWindows).toHaveLength(read.layers);
        const sizes = [read.layers, read.hiddenSize, read.headDim, read.vocabSize, read.maxPositions];
        expect(sizes.every((size) => Number.isSafeInteger(size) && size > 0)).toBe(true);
        expect(read.rmsNormEps).toBeGreaterThanOrEqual(0);
        if (read.layers < 100) expect(weightSpecs(read).length).toBeGreaterThan(read.layers);
      } catch (thrown) {
        if (!(thrown instanceof InputError)) throw thrown;
        expect(thrown.facts.file).toBe('config.json');
        expect(thrown.facts.key).toBeDefined();
      }
    }),
    { numRuns: damagedInputs('modelConfig'), seed: 5 },
  );
  expect(right).toBeGreaterThan(10);
});

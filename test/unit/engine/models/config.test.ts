import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { readModelConfig } from '../../../../src/engine/models/registry';

const llama = {
  architectures: ['LlamaForCausalLM'],
  hidden_act: 'silu',
  hidden_size: 576,
  intermediate_size: 1536,
  num_attention_heads: 9,
  num_hidden_layers: 3,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: true,
  vocab_size: 49152,
};

const read = (changes: Readonly<Record<string, unknown>> = {}) =>
  readModelConfig({ ...llama, ...changes }, 'config.json');

function factsOf(changes: unknown): InputError['facts'] {
  try {
    readModelConfig(
      typeof changes === 'object' && !Array.isArray(changes) ? { ...llama, ...changes } : changes,
      'config.json',
    );
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.facts;
    throw thrown;
  }
  throw new Error('the config was read');
}

describe('readModelConfig', () => {
  it('reads SmolLM2’s config', () => {
    expect(read()).toEqual({
      family: 'llama',
      layers: 3,
      hiddenSize: 576,
      intermediateSize: 1536,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      vocabSize: 49152,
      maxPositions: 8192,
      rmsNormEps: 1e-5,
      ropeTheta: 100000,
      ropeScaling: { type: 'default' },
      tiedHead: true,
      biases: { qkv: false, output: false, mlp: false },
      qkNorm: false,
      slidingWindows: [undefined, undefined, undefined],
    });
  });

  it('falls back to what Transformers assumes where a key is left out or null', () => {
    const config = readModelConfig(
      {
        architectures: ['LlamaForCausalLM'],
        hidden_size: 32,
        intermediate_size: 64,
        num_attention_heads: 4,
        num_hidden_layers: 1,
        vocab_size: 10,
        head_dim: null,
        rope_scaling: null,
      },
      'config.json',
    );
    expect(config).toMatchObject({
      kvHeads: 4,
      headDim: 8,
      maxPositions: 2048,
      rmsNormEps: 1e-6,
      ropeTheta: 10000,
      ropeScaling: { type: 'default' },
      tiedHead: false,
    });
  });

  it('takes head_dim where it is not hidden_size / heads', () => {
    expect(read({ head_dim: 128 }).headDim).toBe(128);
  });
});

describe('rotary parameters', () => {
  const numbers = {
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const scaling = {
    type: 'llama3',
    factor: 32,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  };

  it.each([
    ['Transformers 4', { rope_theta: 500000, rope_scaling: { ...numbers, rope_type: 'llama3' } }],
    ['its older spelling', { rope_theta: 500000, rope_scaling: { ...numbers, type: 'llama3' } }],
    [
      'Transformers 5',
      {
        rope_theta: undefined,
        rope_parameters: { ...numbers, rope_type: 'llama3', rope_theta: 500000 },
      },
    ],
    [
      'both at once, the newer winning',
      {
        rope_scaling: { rope_type: 'linear', factor: 2 },
        rope_theta: 1,
        rope_parameters: { ...numbers, rope_type: 'llama3', rope_theta: 500000 },
      },
    ],
  ])('are read as %s writes them', (_, keys) => {
    expect(read(keys)).toMatchObject({ ropeTheta: 500000, ropeScaling: scaling });
  });

  it('may be the default under either spelling', () => {
    expect(
      read({ rope_theta: undefined, rope_parameters: { rope_type: 'default', rope_theta: 7 } }),
    ).toMatchObject({ ropeTheta: 7, ropeScaling: { type: 'default' } });
    expect(read({ rope_scaling: { type: 'linear', factor: 4 } })).toMatchObject({
      ropeTheta: 100000,
      ropeScaling: { type: 'linear', factor: 4 },
    });
  });

  it.each([
    ['rope_scaling.rope_type', { rope_scaling: { rope_type: 'yarn', factor: 4 } }],
    ['rope_scaling.type', { rope_scaling: { type: 'yarn', factor: 4 } }],
    ['rope_parameters.rope_type', { rope_parameters: { rope_type: 'yarn', factor: 4 } }],
  ])('of a type that is not supported are named by their own key: %s', (key, changes) => {
    expect(factsOf(changes)).toMatchObject({
      what: 'this rotary scaling is not supported',
      file: 'config.json',
      key,
      got: "'yarn'",
      expected: 'default, linear, llama3',
    });
  });

  it('that would divide by zero are refused', () => {
    expect(factsOf({ rope_scaling: { rope_type: 'linear', factor: 0 } })).toMatchObject({
      key: 'rope_scaling.factor',
      got: '0',
      expected: 'a number above 0',
    });
  });

  it('name the number that is missing', () => {
    const { factor, low_freq_factor: low } = numbers;
    const changes = { rope_scaling: { rope_type: 'llama3', factor, low_freq_factor: low } };
    expect(factsOf(changes)).toMatchObject({
      what: 'the key is missing',
      key: 'rope_scaling.high_freq_factor',
      expected: 'a number',
    });
  });
});

describe('families', () => {
  it('differ in biases, norms and windows', () => {
    expect(read({ attention_bias: true, mlp_bias: true }).biases).toEqual({
      qkv: true,
      output: true,
      mlp: true,
    });
    expect(read({ architectures: ['Qwen2ForCausalLM'] })).toMatchObject({
      family: 'qwen2',
      biases: { qkv: true, output: false, mlp: false },
      qkNorm: false,
    });
    expect(read({ architectures: ['Qwen3ForCausalLM'], head_dim: 128 })).toMatchObject({
      family: 'qwen3',
      biases: { qkv: false, output: false, mlp: false },
      qkNorm: true,
      headDim: 128,
    });
  });

  it('give Mistral one window in all layers, or none', () => {
    const mistral = { architectures: ['MistralForCausalLM'] };
    expect(read({ ...mistral, sliding_window: 4096 }).slidingWindows).toEqual([4096, 4096, 4096]);
    expect(read({ ...mistral, sliding_window: null }).slidingWindows).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('give Qwen a window only where it is switched on, and from max_window_layers on', () => {
    const qwen = { architectures: ['Qwen2ForCausalLM'], sliding_window: 128 };
    const off = [undefined, undefined, undefined];
    expect(read(qwen).slidingWindows).toEqual(off);
    const on = { ...qwen, use_sliding_window: true };
    expect(read({ ...on, max_window_layers: 1 }).slidingWindows).toEqual([undefined, 128, 128]);
    expect(read({ ...on, max_window_layers: 28 }).slidingWindows).toEqual(off);
    // Transformers' default is 28 layers without a window.
    expect(read(on).slidingWindows).toEqual(off);
  });
});

describe('a config that cannot be used', () => {
  it.each([
    ['num_hidden_layers', undefined, 'the key is missing', 'a whole number from 1 to 4096'],
    ['num_hidden_layers', 2e9, 'the value cannot be used', 'a whole number from 1 to 4096'],
    ['vocab_size', 0, 'the value cannot be used', 'a whole number from 1 to 2147483647'],
    ['hidden_size', 1.5, 'the value cannot be used', 'a whole number from 1 to 2147483647'],
    ['intermediate_size', '1536', 'the value cannot be used', 'a whole number from 1 to 2147483647'],
    ['rms_norm_eps', 'small', 'the value cannot be used', 'a number'],
    ['rope_theta', [1], 'the value cannot be used', 'a number'],
    ['rope_theta', 0, 'the value cannot be used', 'a number above 0'],
    ['rms_norm_eps', -1e-5, 'the value cannot be used', 'a number above 0'],
    ['tie_word_embeddings', 1, 'the value cannot be used', 'true or false'],
    ['hidden_act', 7, 'the value cannot be used', 'a string'],
    ['architectures', 'LlamaForCausalLM', 'the value cannot be used', 'a list of strings'],
    ['rope_scaling', 4, 'the value cannot be used', 'an object'],
  ])('names the key %s and what it should hold', (key, value, what, expected) => {
    const facts = factsOf({ [key]: value });
    expect(facts).toMatchObject({ what, file: 'config.json', key, expected });
    expect(facts.got).toBe(value === undefined ? undefined : JSON.stringify(value));
    expect(facts.remedy).toBe('Take config.json from the model as it was published.');
  });

  it('of another architecture lists what is supported', () => {
    expect(factsOf({ architectures: ['GPT2LMHeadModel'] })).toEqual({
      what: "the architecture 'GPT2LMHeadModel' is not supported",
      file: 'config.json',
      key: 'architectures',
      expected:
        'LlamaForCausalLM (Llama 2 and 3.x, SmolLM2, TinyLlama); MistralForCausalLM (Mistral 7B); Qwen2ForCausalLM (Qwen 2 and 2.5); Qwen3ForCausalLM (Qwen 3 (dense))',
      remedy: 'Choose a model of one of these families.',
    });
    expect(factsOf({ architectures: undefined }).what).toBe("the architecture 'none named' is not supported");
  });

  it('of another activation says so', () => {
    expect(factsOf({ hidden_act: 'gelu' })).toMatchObject({
      what: 'this activation is not supported',
      key: 'hidden_act',
      got: "'gelu'",
      expected: 'silu',
    });
  });

  it('whose heads do not fit together says so', () => {
    expect(factsOf({ num_key_value_heads: 2 })).toMatchObject({
      what: 'the attention heads do not fit together',
      key: 'num_key_value_heads',
      got: '9 heads, 2 key-value heads of 64 numbers',
    });
    expect(factsOf({ head_dim: 63 }).what).toBe('the attention heads do not fit together');
  });

  it.each([null, [], 'text', 3])('that is no object is refused: %j', (json) => {
    expect(() => readModelConfig(json, 'config.json')).toThrow(/does not hold a JSON object/);
  });
});

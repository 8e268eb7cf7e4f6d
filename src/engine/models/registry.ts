import { InputError } from '../../base/errors';
import { ConfigReader, isRecord, type DecoderConfig } from './config';
import type { ModelFamily } from './families/family';
import { llama } from './families/llama';
import { mistral } from './families/mistral';
import { qwen2 } from './families/qwen2';
import { qwen3 } from './families/qwen3';
import { readRope } from './rope';

/** No model has more layers than this; a damaged config may say so. */
const MOST_LAYERS = 4096;

const families: readonly ModelFamily[] = [llama, mistral, qwen2, qwen3];

function supportedList(): string {
  return families.map((family) => `${family.architectures.join(', ')} (${family.title})`).join('; ');
}

/**
 * Reads a model's parsed `config.json`. Throws an InputError naming the architecture and what is supported, or the
 * key that cannot be used.
 */
export function readModelConfig(json: unknown, file: string): DecoderConfig {
  if (!isRecord(json)) {
    throw new InputError({
      what: 'the file does not hold a JSON object',
      file,
      expected: "a model's config.json",
    });
  }
  const config = new ConfigReader(json, file);
  const architecture = config.strings('architectures')?.[0] ?? 'none named';
  const family = families.find((candidate) => candidate.architectures.includes(architecture));
  if (family === undefined) {
    throw new InputError({
      what: `the architecture '${architecture}' is not supported`,
      file,
      key: 'architectures',
      expected: supportedList(),
      remedy: 'Choose a model of one of these families.',
    });
  }
  return readDecoderConfig(config, family);
}

function readDecoderConfig(config: ConfigReader, family: ModelFamily): DecoderConfig {
  const activation = config.string('hidden_act', 'silu');
  if (activation !== 'silu') {
    throw new InputError({
      what: 'this activation is not supported',
      file: config.file,
      key: 'hidden_act',
      got: `'${activation}'`,
      expected: 'silu',
    });
  }
  const layers = config.count('num_hidden_layers', undefined, MOST_LAYERS);
  const hiddenSize = config.count('hidden_size');
  const heads = config.count('num_attention_heads');
  const kvHeads = config.count('num_key_value_heads', heads);
  const headDim = config.count('head_dim', Math.floor(hiddenSize / heads));
  if (heads % kvHeads !== 0 || headDim % 2 !== 0) {
    throw new InputError({
      what: 'the attention heads do not fit together',
      file: config.file,
      key: 'num_key_value_heads',
      got: `${heads} heads, ${kvHeads} key-value heads of ${headDim} numbers`,
      expected: 'heads divisible by key-value heads, and an even head size',
    });
  }
  const rope = readRope(config);
  return {
    family: family.id,
    layers,
    hiddenSize,
    intermediateSize: config.count('intermediate_size'),
    heads,
    kvHeads,
    headDim,
    vocabSize: config.count('vocab_size'),
    maxPositions: config.count('max_position_embeddings', 2048),
    rmsNormEps: config.positive('rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    tiedHead: config.boolean('tie_word_embeddings', false),
    biases: family.biases(config),
    qkNorm: family.qkNorm,
    slidingWindows: Array.from({ length: layers }, (_, layer) => family.slidingWindow(config, layer)),
  };
}

import { InputError } from '../../base/errors';
import type { JsonObject } from '../json';
import type { Metadata } from './metadata';

/** Llama 3's scaling has these two fixed in every model that was published with it. */
const LOW_FREQUENCY = 1;
const HIGH_FREQUENCY = 4;
const ORIGINAL_LENGTH = 8192;

/**
 * `rope_scaling` of a Hugging Face config from a GGUF file's metadata: linear and YaRN scaling are named there.
 * Llama 3's is not: llama.cpp stores the divisor of each frequency as the tensor `rope_freqs.weight`, from which
 * the parameters are found again, and checked against every divisor.
 * @param divisors that tensor [head_dim / 2], where the file has it
 * @throws InputError where the divisors follow no rule that is known
 */
export function ropeScaling(
  metadata: Metadata,
  prefix: string,
  theta: number,
  divisors: Float32Array | undefined,
): JsonObject | undefined {
  if (divisors !== undefined) return llama3Scaling(metadata.file, theta, divisors);
  const type = metadata.string(`${prefix}.rope.scaling.type`);
  const factor = metadata.number(`${prefix}.rope.scaling.factor`);
  const original = metadata.count(`${prefix}.rope.scaling.original_context_length`);
  if (type === undefined || type === 'none' || factor === undefined || factor === 0) return undefined;
  return {
    rope_type: type,
    factor,
    ...(original === undefined ? {} : { original_max_position_embeddings: original }),
  };
}

function llama3Scaling(file: string, theta: number, divisors: Float32Array): JsonObject {
  const factor = divisors.reduce((most, divisor) => Math.max(most, divisor), 1);
  const expected = llama3Divisors(theta, divisors.length, factor);
  const wrong = divisors.findIndex((divisor, i) => !(Math.abs(divisor / (expected[i] ?? 0) - 1) < 1e-3));
  if (wrong >= 0) {
    throw new InputError({
      what: 'the scaling of the rotary frequencies follows no rule that is known',
      file,
      tensor: 'rope_freqs.weight',
      got: `${divisors[wrong] ?? 0} at ${wrong}`,
      expected: `${expected[wrong] ?? 0}, as in Llama 3 with factor ${factor}`,
      remedy: 'Use the model in its Hugging Face form.',
    });
  }
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW_FREQUENCY,
    high_freq_factor: HIGH_FREQUENCY,
    original_max_position_embeddings: ORIGINAL_LENGTH,
  };
}

/** What each rotary frequency is divided by in Llama 3.x: long waves by `factor`, short ones by 1, smooth between. */
function llama3Divisors(theta: number, count: number, factor: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** (i / count);
    if (wavelength < ORIGINAL_LENGTH / HIGH_FREQUENCY) return 1;
    if (wavelength > ORIGINAL_LENGTH / LOW_FREQUENCY) return factor;
    const smooth = (ORIGINAL_LENGTH / wavelength - LOW_FREQUENCY) / (HIGH_FREQUENCY - LOW_FREQUENCY);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

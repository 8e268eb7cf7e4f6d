import { InputError } from '../../base/errors';
import type { ConfigReader } from './config';

/** How rotary frequencies are stretched for longer contexts; as in Transformers' `modeling_rope_utils`. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

const KNOWN = ['default', 'linear', 'llama3'];

/** Reads `rope_theta` and `rope_scaling` (Transformers 4), or `rope_parameters` (Transformers 5). */
export function readRope(config: ConfigReader): { readonly theta: number; readonly scaling: RopeScaling } {
  const section = config.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling';
  const parameters = config.nested(section);
  const theta =
    parameters?.has('rope_theta') === true
      ? parameters.positive('rope_theta')
      : config.positive('rope_theta', 10000);
  if (parameters === undefined) return { theta, scaling: { type: 'default' } };
  const key = parameters.has('rope_type') ? 'rope_type' : 'type';
  const type = parameters.string(key, 'default');
  switch (type) {
    case 'default':
      return { theta, scaling: { type } };
    case 'linear':
      return { theta, scaling: { type, factor: parameters.positive('factor') } };
    case 'llama3':
      return {
        theta,
        scaling: {
          type,
          factor: parameters.positive('factor'),
          lowFreqFactor: parameters.positive('low_freq_factor'),
          highFreqFactor: parameters.positive('high_freq_factor'),
          originalMaxPositions: parameters.count('original_max_position_embeddings'),
        },
      };
    default:
      throw new InputError({
        what: 'this rotary scaling is not supported',
        file: config.file,
        key: `${section}.${key}`,
        got: `'${type}'`,
        expected: KNOWN.join(', '),
        remedy: 'Choose a model with one of these.',
      });
  }
}

/** Inverse frequencies [headDim/2], in f64 (Su et al. 2021; scaling as in Llama 3.1's reference). */
function inverseFrequencies(headDim: number, theta: number, scaling: RopeScaling): Float64Array {
  const frequencies = new Float64Array(headDim / 2);
  for (let i = 0; i < frequencies.length; i++) {
    // Transformers computes these in f32; the same rounding keeps far positions equal to its own.
    const frequency = Math.fround(1 / Math.fround(Math.pow(theta, Math.fround((2 * i) / headDim))));
    frequencies[i] = stretch(frequency, scaling);
  }
  return frequencies;
}

function stretch(frequency: number, scaling: RopeScaling): number {
  switch (scaling.type) {
    case 'default':
      return frequency;
    case 'linear':
      return Math.fround(frequency / scaling.factor);
    case 'llama3': {
      const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
      const wavelength = (2 * Math.PI) / frequency;
      if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
      if (wavelength > originalMaxPositions / lowFreqFactor) return Math.fround(frequency / factor);
      const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
      return Math.fround(((1 - smooth) * frequency) / factor + smooth * frequency);
    }
  }
}

/**
 * Cosine and sine caches [positions, headDim/2], row-major, multiplied by `scale`: the attention's 1/sqrt(headDim)
 * goes into the query's caches and so costs nothing.
 */
export function ropeCaches(
  positions: number,
  headDim: number,
  theta: number,
  scaling: RopeScaling,
  scale: number,
): { readonly cos: Float32Array; readonly sin: Float32Array } {
  const frequencies = inverseFrequencies(headDim, theta, scaling);
  const half = headDim / 2;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(p * (frequencies[i] ?? 0));
      cos[p * half + i] = Math.cos(angle) * scale;
      sin[p * half + i] = Math.sin(angle) * scale;
    }
  }
  return { cos, sin };
}

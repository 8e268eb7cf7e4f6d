import type { RandomStream } from '../../base/random';

/**
 * The next token from logits [vocab]: the likeliest at temperature 0, else drawn from softmax(logits / temperature).
 */
export function sampleToken(logits: Float32Array, temperature: number, random: RandomStream): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++)
    if ((logits[i] ?? -Infinity) > (logits[best] ?? -Infinity)) best = i;
  if (temperature <= 0) return best;
  const top = logits[best] ?? 0;
  let total = 0;
  const weights = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    total += weights[i] = Math.exp(((logits[i] ?? -Infinity) - top) / temperature);
  }
  let left = random.uniform() * total;
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i] ?? 0;
    if (left < 0) return i;
  }
  return best;
}

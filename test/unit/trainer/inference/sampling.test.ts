import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { sampleToken } from '../../../../src/trainer/inference/sampling';

const logits = Float32Array.of(1, 3, -2, 2.5, 3);

function draws(count: number, temperature: number, seed: number, from = logits): number[] {
  const random = new RandomStream(seed, 'sampling');
  return Array.from({ length: count }, () => sampleToken(from, temperature, random));
}

describe('sampleToken', () => {
  it('takes the likeliest token at temperature 0, the first of equals, and draws nothing', () => {
    const random = new RandomStream(1, 'sampling');
    expect(sampleToken(logits, 0, random)).toBe(1);
    expect(random.uint32()).toBe(new RandomStream(1, 'sampling').uint32());
  });

  it('draws the same again from the same seed', () => {
    expect(draws(50, 1, 7)).toEqual(draws(50, 1, 7));
    expect(draws(50, 1, 7)).not.toEqual(draws(50, 1, 8));
  });

  it.each([0.5, 1, 2])('draws as often as softmax(logits / %s) says', (temperature) => {
    const count = 20_000;
    const exponentials = [...logits].map((value) => Math.exp(value / temperature));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    const drawn = draws(count, temperature, 3);
    exponentials.forEach((value, token) => {
      const expected = value / total;
      const share = drawn.filter((found) => found === token).length / count;
      // Four standard deviations of a binomial share.
      expect(Math.abs(share - expected)).toBeLessThan(
        4 * Math.sqrt((expected * (1 - expected)) / count) + 1e-9,
      );
    });
  });

  it('takes large logits and cold temperatures without overflow', () => {
    expect(new Set(draws(20, 1, 1, Float32Array.of(-1e30, 3e38, 1e38)))).toEqual(new Set([1]));
    expect(new Set(draws(20, 1e-6, 1))).toEqual(new Set([1, 4]));
  });

  it('never draws a token that is ruled out', () => {
    expect(new Set(draws(200, 1, 1, Float32Array.of(-Infinity, 0, -Infinity, 0)))).toEqual(new Set([1, 3]));
  });
});

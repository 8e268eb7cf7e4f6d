import { describe, expect, it } from 'vitest';
import { hashString, philox4x32, RandomStream } from '../../../src/base/random';

function block(counter: readonly [number, number, number, number], key: readonly [number, number]): string[] {
  const out = new Uint32Array(4);
  philox4x32(...counter, ...key, out);
  return [...out].map((word) => word.toString(16).padStart(8, '0'));
}

describe('philox4x32', () => {
  // Random123's kat_vectors, "philox 4x32 10".
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('gives the known answer for counter %j and key %j', (counter, key, expected) => {
    expect(block(counter, key).join(' ')).toBe(expected);
  });
});

describe('hashString', () => {
  it('is FNV-1a over both bytes of each unit', () => {
    expect(hashString('')).toBe(0x811c9dc5);
    expect(hashString('a')).not.toBe(hashString('b'));
    expect(hashString('\u0101')).not.toBe(hashString('\u0001'));
  });
});

describe('RandomStream', () => {
  it('depends on seed, stream and step, and on nothing else', () => {
    const first = (seed: number, stream: string, step: number): number =>
      new RandomStream(seed, stream, step).uint32();
    const base = first(42, 'shuffle', 0);
    expect(first(42, 'shuffle', 0)).toBe(base);
    for (const other of [
      first(43, 'shuffle', 0),
      first(42 + 2 ** 32, 'shuffle', 0),
      first(42, 'split', 0),
      first(42, 'shuffle', 1),
    ]) {
      expect(other).not.toBe(base);
    }
  });

  it('draws uniform numbers in [0, 1) with the right mean and variance', () => {
    const stream = new RandomStream(7, 'test');
    const values = Array.from({ length: 20_000 }, () => stream.uniform());
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance).toBeCloseTo(1 / 12, 2);
  });

  it('draws normal numbers with mean 0, variance 1 and the normal share within one deviation', () => {
    const values = new RandomStream(7, 'test').normals(50_000);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    const within = values.filter((v) => Math.abs(v) < 1).length / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.01);
  });

  it('draws signs, each about as often, that do not follow from each other', () => {
    const signs = new RandomStream(7, 'test').signs(50_001);
    expect(new Set(signs)).toEqual(new Set([-1, 1]));
    for (const apart of [0, 1, 31, 32]) {
      let sum = 0;
      for (let i = apart; i < signs.length; i++)
        sum += (signs[i] ?? NaN) * (apart === 0 ? 1 : (signs[i - apart] ?? NaN));
      // Five deviations.
      expect(Math.abs(sum)).toBeLessThan(5 * Math.sqrt(signs.length));
    }
    expect(new RandomStream(7, 'test').signs(33).at(-1)).toBe(signs[32]);
  });

  it('draws every number below a bound about equally often', () => {
    const stream = new RandomStream(1, 'test');
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 14_000; i++) {
      const drawn = stream.below(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('permutes', () => {
    const order = new RandomStream(3, 'test').permutation(1000);
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(1000);
    expect(Math.max(...order)).toBe(999);
    expect(new RandomStream(3, 'test').permutation(0)).toHaveLength(0);
  });
});

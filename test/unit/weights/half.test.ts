import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bf16ToF32, f16ToF32, f16Values, f32ToBf16, f32ToF16 } from '../../../src/weights/half';

const toF16 = (value: number): number => {
  const out = new Uint16Array(1);
  f32ToF16(Float32Array.of(value), out);
  return out[0] ?? -1;
};
const fromF16 = (bits: number): number => f16Values()[bits] ?? NaN;
const toBf16 = (value: number): number => {
  const out = new Uint16Array(1);
  f32ToBf16(Float32Array.of(value), out);
  return out[0] ?? -1;
};
const fromBf16 = (bits: number): number => {
  const out = new Float32Array(1);
  bf16ToF32(Uint16Array.of(bits), out);
  return out[0] ?? NaN;
};

describe('f16', () => {
  it('has the values that IEEE 754 gives', () => {
    const known: readonly (readonly [number, number])[] = [
      [0x0000, 0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x3c00, 1],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xc000, -2],
      [0xfc00, -Infinity],
    ];
    for (const [bits, value] of known) expect(fromF16(bits)).toBe(value);
    expect(fromF16(0x8000)).toBe(-0);
    expect(fromF16(0x7e01)).toBeNaN();
  });

  it('comes back from f32 bit for bit', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const values = new Float32Array(all.length);
    f16ToF32(all, values);
    const back = new Uint16Array(all.length);
    f32ToF16(values, back);
    for (const bits of all) {
      const isNaN = (bits & 0x7fff) > 0x7c00;
      if (isNaN ? (back[bits] ?? 0) <= 0x7c00 : back[bits] !== bits) expect.fail(`0x${bits.toString(16)}`);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    expect(toF16(1 + 2 ** -11)).toBe(0x3c00);
    expect(toF16(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(toF16(2 ** -25)).toBe(0);
    expect(toF16(1.5 * 2 ** -25)).toBe(1);
    expect(toF16(65519)).toBe(0x7bff);
    expect(toF16(65520)).toBe(0x7c00);
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = toF16(value);
        const error = Math.abs(fromF16(bits) - value);
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7fff) > 0x7bff || other < 0) continue;
          const otherError = Math.abs(fromF16(other) - value);
          expect(otherError > error || (otherError === error && (bits & 1) === 0)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe('bf16', () => {
  it('rounds to the nearest, ties to even', () => {
    expect(toBf16(1 + 2 ** -8)).toBe(0x3f80);
    expect(toBf16(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(toBf16(-1)).toBe(0xbf80);
    expect(toBf16(3.4e38)).toBe(0x7f80);
    expect(toBf16(-Infinity)).toBe(0xff80);
    expect(fromBf16(toBf16(NaN))).toBeNaN();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
        const value = fromBf16(bits);
        expect(Number.isNaN(value) ? Number.isNaN(fromBf16(toBf16(value))) : toBf16(value) === bits).toBe(
          true,
        );
      }),
      { numRuns: 1500 },
    );
  });
});

/**
 * f16 and bf16 to and from f32. To f32 is exact; back rounds to nearest, ties to even, as every framework does.
 * Typed arrays are in the machine's byte order, which is little-endian on every platform supported.
 */

let f16Table: Float32Array | undefined;

/** All 65,536 f16 values as f32 (256 KiB, made on first use): a table look-up is the fastest conversion in JavaScript. */
export function f16Values(): Float32Array {
  if (f16Table !== undefined) return f16Table;
  const table = new Float32Array(65_536);
  const bits = new Uint32Array(table.buffer);
  for (let half = 0; half < 65_536; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    // Infinity and NaN keep their payload, so that they are made from bits; a NaN is never silently a number.
    if (exponent === 0x1f) bits[half] = (((half & 0x8000) << 16) | 0x7f80_0000 | (mantissa << 13)) >>> 0;
    else
      table[half] = sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
  }
  f16Table = table;
  return table;
}

/** f16 bit patterns to f32. `out` must be at least as long as `source`. */
export function f16ToF32(source: Uint16Array, out: Float32Array): void {
  const table = f16Values();
  for (let i = 0; i < source.length; i++) out[i] = table[source[i] ?? 0] ?? 0;
}

/** bf16 bit patterns to f32: bf16 is the upper half of an f32. */
export function bf16ToF32(source: Uint16Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) bits[i] = (source[i] ?? 0) << 16;
}

/** f32 to f16 bit patterns; beyond ±65,504 (after rounding) becomes infinity. */
export function f32ToF16(source: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] ?? 0;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fff_ffff;
    let half: number;
    if (magnitude > 0x7f80_0000) half = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    else if (magnitude >= 0x4780_0000) half = 0x7c00;
    else if (magnitude < 0x3880_0000) {
      // A subnormal f16 is a multiple of 2^-24: adding 0.5 in f32 leaves exactly that multiple, rounded to even.
      half = subnormal(magnitude);
    } else half = (magnitude - 0x3800_0000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    out[i] = sign | half;
  }
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function subnormal(magnitude: number): number {
  scratchBits[0] = magnitude;
  scratch[0] = (scratch[0] ?? 0) + 0.5;
  return scratchBits[0] - 0x3f00_0000;
}

/** f32 to bf16 bit patterns; a NaN stays a NaN. */
export function f32ToBf16(source: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] ?? 0;
    const isNaN = (x & 0x7fff_ffff) > 0x7f80_0000;
    // `x` may pass 2^31: `>>>` after a float addition keeps it unsigned.
    out[i] = isNaN ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
}

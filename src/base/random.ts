/**
 * Seeded random numbers by counter: (seed, stream, step) alone gives the sequence, so nothing has to be saved or
 * replayed to go on where a run stopped, and two uses never disturb each other.
 *
 * Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11), as in
 * Random123; PyTorch and cuRAND use it too.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The high 32 bits of the product of two u32, as an i32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (cross >>> 16)) | 0;
}

/** One block: writes the four u32 that Philox4x32-10 gives for a counter of four words and a key of two. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0 >>> 0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2 >>> 0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a over the UTF-16 units of a string, 32 bits. Stable for ever: it names streams and marks rows. */
export function hashString(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/** Any 32-bit offset basis will do that is not FNV's own: it makes the second half of a stream's name. */
const SECOND_BASIS = 0x9747b28c;

/**
 * One sequence of numbers. `seed` is any whole number up to 2^53; `stream` says what the numbers are for
 * (`shuffle`, `init/model.layers.0.self_attn.q_proj`); `step` is whatever counts within it (epoch, layer, row).
 */
export class RandomStream {
  private readonly key0: number;
  private readonly key1: number;
  private readonly stream0: number;
  private readonly stream1: number;
  private readonly words = new Uint32Array(4);
  private block = 0;
  private used = 4;
  private spare: number | undefined;

  constructor(
    seed: number,
    stream: string,
    private readonly step = 0,
  ) {
    this.key0 = seed >>> 0;
    this.key1 = Math.floor(seed / 0x100000000) >>> 0;
    this.stream0 = hashString(stream);
    this.stream1 = hashString(stream, SECOND_BASIS);
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    if (this.used === 4) {
      philox4x32(this.block++, this.step, this.stream0, this.stream1, this.key0, this.key1, this.words);
      this.used = 0;
    }
    return this.words[this.used++] ?? 0;
  }

  /** In [0, 1), 53 bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** A whole number in [0, bound), without bias; `bound` from 1 to 2^32. */
  below(bound: number): number {
    const limit = 0x100000000 - (0x100000000 % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  /** Mean 0, standard deviation 1 (Box-Muller). V8's logarithm and trigonometry are the same on every platform. */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** `count` normal numbers as f32, times `scale`. */
  normals(count: number, scale = 1): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = this.normal() * scale;
    return out;
  }

  /** `count` numbers that are 1 or -1, each as likely, as f32: for sketches, much quicker than normal ones. */
  signs(count: number): Float32Array {
    const out = new Float32Array(count);
    let word = 0;
    for (let i = 0; i < count; i++) {
      if (i % 32 === 0) word = this.uint32();
      out[i] = (word & 1) === 0 ? -1 : 1;
      word >>>= 1;
    }
    return out;
  }

  /** `count` numbers uniform in [low, high) as f32. */
  uniforms(count: number, low: number, high: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = low + this.uniform() * (high - low);
    return out;
  }

  /** 0 … count-1 in random order (Fisher-Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = swapped;
    }
    return order;
  }
}

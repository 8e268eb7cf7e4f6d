/** The most values that a sampler keeps. */
const MOST = 24;

/**
 * Keeps a few values that are spread evenly over all that it was given: means of ever wider spans. How many there
 * will be need not be known, and what it keeps does not grow.
 */
export class SparkSampler {
  #means: number[] = [];
  #width = 1;
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
    if (this.#count < this.#width) return;
    this.#means.push(this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
    if (this.#means.length > MOST) this.halve();
  }

  get values(): readonly number[] {
    return this.#count === 0 ? [...this.#means] : [...this.#means, this.#sum / this.#count];
  }

  /** Joins neighbours; an odd one out goes back into the span that is being filled. */
  private halve(): void {
    const pairs: number[] = [];
    for (let i = 0; i + 1 < this.#means.length; i += 2) {
      pairs.push(((this.#means[i] ?? 0) + (this.#means[i + 1] ?? 0)) / 2);
    }
    if (this.#means.length % 2 === 1) {
      this.#sum = (this.#means.at(-1) ?? 0) * this.#width;
      this.#count = this.#width;
    }
    this.#means = pairs;
    this.#width *= 2;
  }
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'] as const;

/** Values as bars of a line of text, `width` of them at most, from the lowest to the highest; empty for fewer than two. */
export function sparkline(values: readonly number[], width = 8): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return '';
  const points = resample(finite, Math.min(width, finite.length));
  const low = Math.min(...points);
  const range = Math.max(...points) - low;
  return points
    .map((value) => BARS[range === 0 ? 3 : Math.round(((value - low) / range) * (BARS.length - 1))] ?? '')
    .join('');
}

/** Means of `width` spans of equal length; the first and the last value stand as they are. */
function resample(values: readonly number[], width: number): number[] {
  return Array.from({ length: width }, (_, i) => {
    if (i === 0) return values[0] ?? 0;
    if (i === width - 1) return values.at(-1) ?? 0;
    const from = Math.floor((i * values.length) / width);
    const span = values.slice(from, Math.max(from + 1, Math.floor(((i + 1) * values.length) / width)));
    return span.reduce((sum, value) => sum + value, 0) / span.length;
  });
}

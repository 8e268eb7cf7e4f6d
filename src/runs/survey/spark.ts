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

const LOWEST = 33;
const HIGHEST = 126;

/**
 * Where values lie between the lowest and the highest of them, each as a character from `!` to `~`: a picture needs no
 * more, and of ten thousand runs texts take the least room. What is no finite number is left out.
 */
export function levelsOf(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  const level = (value: number): number => (range === 0 ? 0.5 : (value - low) / range);
  return String.fromCharCode(
    ...finite.map((value) => LOWEST + Math.round(level(value) * (HIGHEST - LOWEST))),
  );
}

/** The levels, 0 to 1, that `levelsOf` has written. */
export function readLevels(text: string): readonly number[] {
  const levels: number[] = [];
  for (let i = 0; i < text.length; i++) levels.push((text.charCodeAt(i) - LOWEST) / (HIGHEST - LOWEST));
  return levels;
}

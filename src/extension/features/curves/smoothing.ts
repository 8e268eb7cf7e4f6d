import { Column } from './column';

/**
 * An exponential moving average, debiased as Adam's moments are: the average of the first values is theirs, not drawn
 * to 0. It goes on from where it was when values are appended.
 */
export class SmoothedColumn {
  readonly #smoothed = new Column();
  #average = 0;
  /** The weight that the values so far have in the average. */
  #weight = 0;

  constructor(
    private readonly source: Column,
    readonly smoothing: number,
  ) {}

  /** The averages of all that the source has; NaN where the source has none. */
  get values(): Float64Array {
    if (this.source.length < this.#smoothed.length) this.#restart();
    const { values } = this.source;
    for (let index = this.#smoothed.length; index < values.length; index++) {
      const value = values[index] ?? NaN;
      if (Number.isNaN(value)) {
        this.#smoothed.push(NaN);
        continue;
      }
      this.#average = this.smoothing * this.#average + (1 - this.smoothing) * value;
      this.#weight = this.smoothing * this.#weight + (1 - this.smoothing);
      this.#smoothed.push(this.#average / this.#weight);
    }
    return this.#smoothed.values;
  }

  /** The source was cut back, perhaps more than once: what comes from now on may differ. */
  #restart(): void {
    this.#smoothed.truncate(0);
    this.#average = 0;
    this.#weight = 0;
  }
}

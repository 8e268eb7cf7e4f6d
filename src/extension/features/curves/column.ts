/** Numbers that are appended one at a time, in one typed array that doubles when it is full. */
export class Column {
  #values = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The numbers so far; a view that is good until the next change. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The number at an index; NaN where there is none. */
  at(index: number): number {
    return index < this.#length ? (this.#values[index] ?? NaN) : NaN;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const wider = new Float64Array(this.#length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#length++] = value;
  }

  /** Fills up with NaN to a length: a metric that begins late, or skips rows. */
  pad(length: number): void {
    while (this.#length < length) this.push(NaN);
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }
}

/** The first index of sorted numbers whose value is not below `value`; the length where all are. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? NaN) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

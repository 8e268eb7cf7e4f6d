import type { CurvePoint, XAxis } from '../../../protocol/panels/curves';
import { Column, lowerBound } from './column';
import { SmoothedColumn } from './smoothing';

/** The rows of a run's metric lines of one split, as columns: the x axes, and one for each metric. */
export class MetricTable {
  readonly axes: Readonly<Record<XAxis, Column>> = {
    step: new Column(),
    tokens: new Column(),
    seconds: new Column(),
  };
  readonly #metrics = new Map<string, MetricColumn>();

  get length(): number {
    return this.axes.step.length;
  }

  get metrics(): IterableIterator<[string, MetricColumn]> {
    return this.#metrics.entries();
  }

  metric(name: string): MetricColumn | undefined {
    return this.#metrics.get(name);
  }

  append(place: Readonly<Record<XAxis, number>>, values: ReadonlyMap<string, number>): void {
    this.cutTo(place.step);
    const row = this.length;
    for (const [axis, column] of Object.entries(this.axes)) column.push(place[axis as XAxis]);
    for (const [name, value] of values) {
      let metric = this.#metrics.get(name);
      if (metric === undefined) this.#metrics.set(name, (metric = new MetricColumn()));
      metric.append(row, value);
    }
  }

  /** Drops the rows from a step on: a resumed run writes them again. */
  cutTo(step: number): void {
    if (this.length === 0 || this.axes.step.at(this.length - 1) < step) return;
    const rows = lowerBound(this.axes.step.values, step);
    for (const column of Object.values(this.axes)) column.truncate(rows);
    for (const metric of this.#metrics.values()) metric.truncate(rows);
  }

  clear(): void {
    for (const column of Object.values(this.axes)) column.truncate(0);
    this.#metrics.clear();
  }

  /** The place of a row on an axis. */
  point(axis: XAxis, metric: MetricColumn, row: number): CurvePoint {
    return { x: this.axes[axis].at(row), y: metric.column.at(row), step: this.axes.step.at(row) };
  }
}

/** The values of one metric, with what is asked of them all the time. */
export class MetricColumn {
  readonly column = new Column();
  #smoothed: SmoothedColumn | undefined;
  #count = 0;
  #last = -1;
  #lowest = -1;
  #highest = -1;

  get count(): number {
    return this.#count;
  }
  /** Rows of the last, the lowest and the highest value; −1 where there is none. */
  get last(): number {
    return this.#last;
  }
  get lowest(): number {
    return this.#lowest;
  }
  get highest(): number {
    return this.#highest;
  }

  append(row: number, value: number): void {
    this.column.pad(row);
    this.column.push(value);
    this.note(row, value);
  }

  /** The moving averages; kept until another smoothing is asked for. */
  smoothed(smoothing: number): Float64Array {
    if (this.#smoothed?.smoothing !== smoothing) {
      this.#smoothed = new SmoothedColumn(this.column, smoothing);
    }
    return this.#smoothed.values;
  }

  truncate(rows: number): void {
    if (rows >= this.column.length) return;
    this.column.truncate(rows);
    this.#smoothed = undefined;
    this.#count = 0;
    this.#last = this.#lowest = this.#highest = -1;
    for (const [row, value] of this.column.values.entries()) this.note(row, value);
  }

  private note(row: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count++;
    this.#last = row;
    if (this.#lowest < 0 || value < this.column.at(this.#lowest)) this.#lowest = row;
    if (this.#highest < 0 || value > this.column.at(this.#highest)) this.#highest = row;
  }
}

import type { XAxis } from '../../../protocol/panels/curves';
import type { NumbersLine } from './metricLine';
import { MetricTable } from './metricTable';

/** All metric lines of a run as columns. */
export class RunTables {
  readonly train = new MetricTable();
  readonly eval = new MetricTable();
  #tokens = 0;
  #seconds = 0;

  get rows(): number {
    return this.train.length + this.eval.length;
  }

  append({ split, step, values }: NumbersLine): void {
    if (split === 'eval') {
      this.eval.append({ step, tokens: this.#tokens, seconds: this.#seconds }, values);
      return;
    }
    const tokens = values.get('input_tokens') ?? 0;
    const seconds = values.get('seconds') ?? 0;
    this.cutTo(step);
    this.#tokens += tokens;
    this.#seconds += seconds;
    const all =
      tokens > 0 && seconds > 0 ? new Map([...values, ['tokens_per_second', tokens / seconds]]) : values;
    this.train.append({ step, tokens: this.#tokens, seconds: this.#seconds }, all);
  }

  clear(): void {
    this.train.clear();
    this.eval.clear();
    this.#tokens = this.#seconds = 0;
  }

  /** Where a step lies on an axis: where the training had come to after it. */
  place(step: number, axis: XAxis): number {
    if (axis === 'step') return step;
    const { values } = this.train.axes.step;
    let row = -1;
    for (let low = 0, high = values.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? NaN) <= step) {
        row = middle;
        low = middle + 1;
      } else high = middle;
    }
    return row < 0 ? 0 : this.train.axes[axis].at(row);
  }

  /** The first and the last place of any row on an axis. */
  extent(axis: XAxis): [number, number] | undefined {
    const ends = [this.train, this.eval]
      .filter((table) => table.length > 0)
      .flatMap((table) => [table.axes[axis].at(0), table.axes[axis].at(table.length - 1)]);
    return ends.length === 0 ? undefined : [Math.min(...ends), Math.max(...ends)];
  }

  /** A step that was there already comes again where a run was resumed from before it. */
  private cutTo(step: number): void {
    const { length } = this.train;
    if (length === 0 || this.train.axes.step.at(length - 1) < step) return;
    this.train.cutTo(step);
    // An evaluation after the step before stays.
    this.eval.cutTo(step);
    const left = this.train.length - 1;
    this.#tokens = left < 0 ? 0 : this.train.axes.tokens.at(left);
    this.#seconds = left < 0 ? 0 : this.train.axes.seconds.at(left);
  }
}

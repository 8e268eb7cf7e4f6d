import type { MetricLine } from '../../protocol/run/metrics';
import { levelsOf, SparkSampler } from './spark';
import type { EvalPoint } from './summary';

/** Over how many of the last steps speed is averaged. */
const PACE = 20;

/** What a run's metric lines come to, without keeping them. */
export class MetricDigest {
  readonly #spark = new SparkSampler();
  readonly #seconds: number[] = [];
  #step = 0;
  #loss: number | undefined;
  #lastEval: EvalPoint | undefined;
  #bestEval: EvalPoint | undefined;
  #lines = 0;

  add(line: MetricLine): void {
    this.#lines++;
    const { step, loss } = line;
    this.#step = step;
    if (line.split === 'eval') {
      this.#lastEval = { step, loss };
      if (this.#bestEval === undefined || loss < this.#bestEval.loss) this.#bestEval = this.#lastEval;
      return;
    }
    this.#loss = loss;
    this.#spark.add(loss);
    this.#seconds.push(line.seconds);
    if (this.#seconds.length > PACE) this.#seconds.shift();
  }

  /** How many lines there were. */
  get lines(): number {
    return this.#lines;
  }

  /** The step of the last line. */
  get step(): number {
    return this.#step;
  }

  /** The last training loss. */
  get loss(): number | undefined {
    return this.#loss;
  }

  get lastEval(): EvalPoint | undefined {
    return this.#lastEval;
  }

  get bestEval(): EvalPoint | undefined {
    return this.#bestEval;
  }

  /** See `RunSummary.spark`. */
  get spark(): string {
    return levelsOf(this.#spark.values);
  }

  /** Seconds from here to `total` steps by the mean of the last ones; undefined where that is unknown. */
  secondsLeft(total: number | undefined): number | undefined {
    if (total === undefined || this.#seconds.length === 0) return undefined;
    const mean = this.#seconds.reduce((sum, seconds) => sum + seconds, 0) / this.#seconds.length;
    return mean * Math.max(0, total - this.#step);
  }
}

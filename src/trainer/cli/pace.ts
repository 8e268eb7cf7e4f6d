import type { TrainMetrics } from '../../protocol/run/metrics';

/** Over how many of the last steps speed is averaged. */
const WINDOW = 20;

/** How fast a run goes, from its last steps. */
export class Pace {
  readonly #steps: TrainMetrics[] = [];
  #total: number | undefined;

  add(line: TrainMetrics): void {
    this.#steps.push(line);
    if (this.#steps.length > WINDOW) this.#steps.shift();
  }

  /** Sets the steps of the whole run, once known. */
  set total(steps: number | undefined) {
    this.#total = steps;
  }

  get total(): number | undefined {
    return this.#total;
  }

  /** Tokens a second, without padding. */
  get tokensPerSecond(): number {
    const tokens = this.#steps.reduce((sum, { input_tokens }) => sum + input_tokens, 0);
    const seconds = this.#steps.reduce((sum, step) => sum + step.seconds, 0);
    return seconds > 0 ? tokens / seconds : 0;
  }

  /** Seconds that are left by the mean of the last steps; undefined while that is unknown. */
  get secondsLeft(): number | undefined {
    const last = this.#steps.at(-1);
    if (last === undefined || this.#total === undefined) return undefined;
    const seconds = this.#steps.reduce((sum, step) => sum + step.seconds, 0);
    return (seconds / this.#steps.length) * Math.max(0, this.#total - last.step);
  }
}

import type { Disposable } from '../../../base/disposable';

/** Calls a function when asked, but at most once in `interval` milliseconds: at once, then when the time is over. */
export class Throttle implements Disposable {
  #timer: NodeJS.Timeout | undefined;
  #asked = false;

  constructor(
    private readonly interval: number,
    private readonly call: () => void,
  ) {}

  ask(): void {
    if (this.#timer !== undefined) {
      this.#asked = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#asked) return;
      this.#asked = false;
      this.ask();
    }, this.interval);
    this.call();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked = false;
  }
}

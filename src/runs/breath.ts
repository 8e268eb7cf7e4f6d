/** How long (ms) work may keep its thread to itself. */
const LONGEST = 8;

/** Lets long work give way: other work of this thread waits no longer than it would for a key press. */
export class Breath {
  #since = performance.now();

  /** True once it is time: where the pieces of work are many and tiny, `take` is worth calling only then. */
  get due(): boolean {
    return performance.now() - this.#since >= LONGEST;
  }

  /** Call between pieces of work of a few milliseconds. */
  async take(): Promise<void> {
    if (!this.due) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

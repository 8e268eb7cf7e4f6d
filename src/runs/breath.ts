/** How long (ms) work may keep its thread to itself. */
const LONGEST = 8;

/** Lets long work give way: other work of this thread waits no longer than it would for a key press. */
export class Breath {
  #since = performance.now();

  /** Call between pieces of work of a few milliseconds. */
  async take(): Promise<void> {
    if (performance.now() - this.#since < LONGEST) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

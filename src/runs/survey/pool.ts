/** How long (ms) work may go on before everything else that waits gets its turn. */
const SLICE = 8;

/** Lets other work of this thread go first, whenever a slice of time has been used up. */
export class Breather {
  #since = performance.now();

  async breathe(): Promise<void> {
    if (performance.now() - this.#since < SLICE) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/**
 * Does a task for each item, in their order, `width` of them at a time, and lets other work in between. What a task
 * throws rejects the whole, after the tasks that have begun.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const breather = new Breather();
  let failed = false;
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !failed; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
      await breather.breathe();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: width }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

import { Breath } from '../breath';

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
  const breath = new Breath();
  let failed = false;
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !failed; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
      await breath.take();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: width }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/**
 * What `work` makes of many things, in their order, as it is ready. `things` is asked for no more of them than `most`
 * beside the one that is waited for; when one fails, or the caller stops, those at work are waited for.
 */
export async function* inOrder<T, R>(
  things: Iterable<T> | AsyncIterable<T>,
  most: number,
  work: (thing: T) => Promise<R>,
): AsyncGenerator<R> {
  const atWork: Promise<R>[] = [];
  try {
    for await (const thing of things) {
      const result = work(thing);
      // It is awaited below; until then a failure is not one that nobody hears of.
      result.catch(() => undefined);
      atWork.push(result);
      const first = atWork.length > most ? atWork.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = atWork.shift(); first !== undefined; first = atWork.shift()) yield await first;
  } finally {
    await Promise.allSettled(atWork);
  }
}

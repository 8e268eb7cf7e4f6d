/** How long (ms) a condition is waited for where nothing else is said: a busy machine takes its time. */
const PATIENCE = 45_000;
const PAUSE = 100;

/**
 * Waits until `look` finds something, and answers with it. What `look` throws counts as not found: a page that is
 * being drawn anew loses its elements for a moment. Throws with the last reason when patience ends.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patience = PATIENCE,
): Promise<T> {
  const deadline = Date.now() + patience;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${Math.round(patience / 1000)} s in vain for ${what}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Waits until what `look` finds stays the same for a moment, and answers with it: for lists that are being filtered. */
export async function settled<T>(what: string, look: () => Promise<T>): Promise<T> {
  let last: string | undefined;
  let same = 0;
  return until(`${what} to settle`, async () => {
    const found = await look();
    const seen = JSON.stringify(found);
    same = seen === last ? same + 1 : 0;
    last = seen;
    return same >= 3 ? found : undefined;
  });
}

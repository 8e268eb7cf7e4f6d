/**
 * Collects garbage now. A step blocks the event loop and allocates little in JavaScript, so that what was left before
 * it (graphs, the state before it went to the device) would otherwise stay through the peak of the first steps. The
 * first pass finds it, the second gives the emptied pages back.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

/** Where a key leads a rank, within 1 and the most; undefined where it is no key of a slider's. */
export function steppedRank(key: string, rank: number, most: number): number | undefined {
  const to: Readonly<Record<string, number>> = {
    ArrowRight: rank + 1,
    ArrowUp: rank + 1,
    ArrowLeft: rank - 1,
    ArrowDown: rank - 1,
    // Ranks are thought of in powers of two.
    PageUp: rank * 2,
    PageDown: Math.ceil(rank / 2),
    Home: 1,
    End: most,
  };
  const next = to[key];
  return next === undefined ? undefined : Math.min(most, Math.max(1, next));
}

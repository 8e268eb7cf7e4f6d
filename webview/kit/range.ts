/** A part of an axis. */
export type Range = readonly [number, number];

/** The least part of the whole axis that can be zoomed to. */
const LEAST = 1e-6;

/**
 * A range zoomed by a factor (below 1: closer) around its middle and moved by a share of its width, within the whole
 * axis; null where that is all of it. On a logarithmic axis all of this is in powers.
 */
export function movedRange(
  range: Range | null,
  whole: Range,
  { zoom = 1, move = 0, log = false }: { zoom?: number; move?: number; log?: boolean },
): Range | null {
  const to = log ? Math.log : (value: number): number => value;
  const from = log ? Math.exp : (value: number): number => value;
  const [low, high] = [to(whole[0]), to(whole[1])];
  const [begin, end] = range === null ? [low, high] : [to(range[0]), to(range[1])];
  const width = Math.max((end - begin) * zoom, (high - low) * LEAST);
  const middle = (begin + end) / 2 + move * (end - begin);
  const start = Math.min(Math.max(middle - width / 2, low), Math.max(low, high - width));
  return clampRange([from(start), from(start + width)], whole);
}

/** A range within the whole axis; null where it is all of it, or nothing. */
export function clampRange([from, to]: Range, [low, high]: Range): Range | null {
  const begin = Math.max(from, low);
  const end = Math.min(to, high);
  if (!(end > begin)) return null;
  const hair = (high - low) * 1e-9;
  return begin <= low + hair && end >= high - hair ? null : [begin, end];
}

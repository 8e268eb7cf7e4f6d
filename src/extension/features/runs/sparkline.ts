import { readLevels } from '../../../runs/survey/spark';

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'] as const;

/** A summary's `spark` as bars of a line of text, `width` of them at most; empty for fewer than two. */
export function sparkline(spark: string, width = 8): string {
  const levels = readLevels(spark);
  if (levels.length < 2) return '';
  const points = resample(levels, Math.min(width, levels.length));
  const low = Math.min(...points);
  const range = Math.max(...points) - low;
  return points
    .map((value) => BARS[range === 0 ? 3 : Math.round(((value - low) / range) * (BARS.length - 1))] ?? '')
    .join('');
}

/** Means of `width` spans of equal length; the first and the last value stand as they are. */
function resample(values: readonly number[], width: number): number[] {
  const points: number[] = [];
  for (let i = 0; i < width; i++) {
    if (i === 0) points.push(values[0] ?? 0);
    else if (i === width - 1) points.push(values.at(-1) ?? 0);
    else points.push(meanOfSpan(values, i, width));
  }
  return points;
}

function meanOfSpan(values: readonly number[], index: number, count: number): number {
  const from = Math.floor((index * values.length) / count);
  const to = Math.max(from + 1, Math.floor(((index + 1) * values.length) / count));
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] ?? 0;
  return sum / (to - from);
}

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
  return Array.from({ length: width }, (_, i) => {
    if (i === 0) return values[0] ?? 0;
    if (i === width - 1) return values.at(-1) ?? 0;
    const from = Math.floor((i * values.length) / width);
    const span = values.slice(from, Math.max(from + 1, Math.floor(((i + 1) * values.length) / width)));
    return span.reduce((sum, value) => sum + value, 0) / span.length;
  });
}

import type { Figure } from './figure';
import { nearestIndex } from './figure';
import { formatValue } from './format';

/** A line's value at a place of the x axis. */
export interface Reading {
  readonly owner: string;
  readonly label: string;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
  readonly axis: 'left' | 'right';
  /** The value as it is written. */
  readonly text: string;
}

/** The values of all lines of a chart at a place; a line that does not reach there has none. */
export function readingsAt({ lines }: Figure, x: number): Reading[] {
  return lines.flatMap(({ owner, label, colour, axis, format = formatValue, xs, ys }): Reading[] => {
    const index = nearestIndex(xs, x);
    const found = xs[index];
    const y = ys[index];
    const first = xs[0];
    const last = xs.at(-1);
    if (found === undefined || y === undefined || first === undefined || last === undefined) return [];
    // Half a step beyond its ends a line is still the nearest.
    const reach = xs.length > 1 ? (last - first) / (xs.length - 1) : 0.5;
    return x < first - reach || x > last + reach
      ? []
      : [{ owner, label, colour, x: found, y, axis: axis ?? 'left', text: format(y) }];
  });
}

import { type Picture, svgPicture, textSvg } from './svg';
import type { PictureColours } from './themeColours';

/** A spectrum as it is drawn in a line of text. */
export interface Spark {
  readonly label: string;
  /** From the left, 0 to 1. */
  readonly heights: ArrayLike<number>;
  /** Where the rank cuts it, 0 to 1; undefined where the cut is not known. */
  readonly cut: number | undefined;
}

/** Height (px) of a picture: that of a line's text, so that no line moves. */
const HEIGHT = 14;
/** Widths (px) of a curve: one by itself, and at most and at least of several. */
const WIDTH = 56;
const MOST_WIDTH = 26;
const LEAST_WIDTH = 6;
/** The most (px) that several take together: some forty characters. */
const ROOM = 300;
const GAP = 7;
const LABEL_SIZE = 9;
/** Points that a curve is drawn by. */
export const POINTS = 28;

/**
 * The heights of a spectrum (descending): each value as a share of the largest, over log i. `size` is how many values
 * there are, where only the top ones are known.
 */
export function heightsOf(values: ArrayLike<number>, size: number): Float32Array {
  const first = values[0] ?? 0;
  return Float32Array.from({ length: POINTS }, (_, i) => {
    const index = Math.round(size ** (i / (POINTS - 1))) - 1;
    const value = values[index];
    // Beyond the values that are known nothing is drawn.
    return value === undefined || first <= 0 ? 0 : value / first;
  });
}

/** Where a rank cuts a spectrum of `size` values, on the same axis. */
export function cutAt(rank: number, size: number): number {
  return size <= 1 ? 1 : Math.min(1, Math.log(rank) / Math.log(size));
}

/**
 * The spectra as one picture: a curve by itself, or a strip of them with a short label each, as wide as the room that
 * there is. Where there is none for the labels, the curves alone.
 */
export function sparkPicture(sparks: readonly Spark[], colours: PictureColours): Picture {
  if (sparks.length === 1) {
    return svgPicture(WIDTH, HEIGHT, sparks.map((spark) => curve(spark, 0, WIDTH, colours)).join(''));
  }
  const labels = sparks.map(({ label }) => textSvg(shortened(label), LABEL_SIZE, colours.text));
  const gaps = GAP * (sparks.length - 1);
  const labelled = labels.reduce((sum, { width }) => sum + width + 2, gaps);
  const withLabels = labelled + LEAST_WIDTH * sparks.length <= ROOM;
  const rest = (ROOM - (withLabels ? labelled : gaps)) / sparks.length;
  const width = Math.max(1, Math.min(MOST_WIDTH, Math.floor(rest)));
  let x = 0;
  const parts = sparks.map((spark, i) => {
    const label = labels[i];
    let svg = '';
    if (withLabels && label !== undefined) {
      svg = label.at(x, HEIGHT - 4);
      x += label.width + 2;
    }
    svg += curve(spark, x, width, colours);
    x += width + GAP;
    return svg;
  });
  return svgPicture(x - GAP, HEIGHT, parts.join(''));
}

/** What module names begin with tells them apart; a pattern is cut where it gets long. */
function shortened(label: string): string {
  const short = label.replace(/_proj$/u, '');
  return short.length > 7 ? `${short.slice(0, 6)}…` : short;
}

/** The curve as an area, bright before the cut and dim behind it; all of one brightness where no cut is known. */
function curve({ heights, cut }: Spark, x: number, width: number, colours: PictureColours): string {
  const base = HEIGHT - 1;
  const step = width / Math.max(1, heights.length - 1);
  const points = Array.from(
    { length: heights.length },
    (_, i) => [i * step, base - (heights[i] ?? 0) * (HEIGHT - 2)] as const,
  );
  const area = (inside: readonly Point[], fill: string): string =>
    inside.length < 2
      ? ''
      : `<path fill="${fill}" d="M${coordinates([inside[0]?.[0] ?? 0, base])}${inside.map((point) => `L${coordinates(point)}`).join('')}L${coordinates([inside.at(-1)?.[0] ?? 0, base])}Z"/>`;
  const place = `<g transform="translate(${x} 0)">`;
  if (cut === undefined) return `${place}${area(points, colours.plain)}</g>`;
  const at = cut * width;
  const joint = [at, heightAt(points, at)] as const;
  const before = points.filter(([px]) => px <= at);
  const after = points.filter(([px]) => px > at);
  const line = `<path stroke="${colours.cut}" d="M${at.toFixed(1)} 0V${HEIGHT}"/>`;
  return `${place}${area([...before, joint], colours.kept)}${area([joint, ...after], colours.lost)}${line}</g>`;
}

type Point = readonly [x: number, y: number];

function heightAt(points: readonly Point[], x: number): number {
  const right = points.findIndex(([px]) => px >= x);
  const [b, a] = [points[Math.max(0, right)], points[Math.max(0, right - 1)]];
  if (a === undefined || b === undefined || b[0] === a[0]) return b?.[1] ?? HEIGHT - 1;
  return a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]);
}

function coordinates([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

/** A spectrum as it is drawn in a line of text: heights from the left, 0 to 1, and where it is cut, 0 to 1. */
export interface Spark {
  readonly label: string;
  readonly heights: readonly number[];
  readonly cut: number;
}

/** The colours of a theme's kind. */
export interface SparkColours {
  readonly kept: string;
  readonly lost: string;
  readonly cut: string;
  readonly text: string;
}

export const LIGHT: SparkColours = { kept: '#1a7f8e', lost: '#1a7f8e55', cut: '#c2410c', text: '#616161' };
export const DARK: SparkColours = { kept: '#5cc8d7', lost: '#5cc8d755', cut: '#ff9e64', text: '#9d9d9d' };

/** Height (px) of a picture: that of a line's text, so that no line moves. */
const HEIGHT = 14;
const WIDTH = 56;
const GAP = 10;
/** Width (px) of a character of the labels, about. */
const CHARACTER = 5.6;
/** Points that a curve is drawn by. */
export const POINTS = 28;
/**
 * The heights of a spectrum (descending): each value as a share of the largest, over log i. `size` is how many values
 * there are, where only the top ones are known.
 */
export function heightsOf(values: ArrayLike<number>, size: number): number[] {
  const first = values[0] ?? 0;
  return Array.from({ length: POINTS }, (_, i) => {
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

/** The pictures side by side, as an SVG; labelled where there is more than one. */
export function sparkSvg(sparks: readonly Spark[], colours: SparkColours): string {
  const labelled = sparks.length > 1;
  let x = 0;
  const parts = sparks.map((spark) => {
    const label = labelled ? labelOf(spark.label, x, colours) : { svg: '', width: 0 };
    const at = x + label.width;
    x = at + WIDTH + GAP;
    return label.svg + curve(spark, at, colours);
  });
  const width = Math.max(1, Math.ceil(x - GAP));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}">${parts.join('')}</svg>`;
}

/** An SVG as an address. */
export function dataAddress(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

function labelOf(text: string, x: number, { text: colour }: SparkColours): { svg: string; width: number } {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return {
    svg: `<text x="${x}" y="11" font-family="sans-serif" font-size="10" fill="${colour}">${escaped}</text>`,
    width: Math.ceil(text.length * CHARACTER) + 4,
  };
}

/** The curve as an area, bright before the cut and dim behind it. */
function curve({ heights, cut }: Spark, x: number, colours: SparkColours): string {
  const base = HEIGHT - 1;
  const step = WIDTH / Math.max(1, heights.length - 1);
  const points = heights.map((height, i) => [i * step, base - height * (HEIGHT - 2)] as const);
  const at = cut * WIDTH;
  const before = points.filter(([px]) => px <= at);
  const after = points.filter(([px]) => px > at);
  const joint = [at, heightAt(points, at)] as const;
  const area = (inside: readonly (readonly [number, number])[], colour: string): string =>
    inside.length < 2
      ? ''
      : `<path fill="${colour}" d="M${coordinates([inside[0]?.[0] ?? 0, base])}${inside.map((point) => `L${coordinates(point)}`).join('')}L${coordinates([inside.at(-1)?.[0] ?? 0, base])}Z"/>`;
  const line = `<path stroke="${colours.cut}" d="M${at.toFixed(1)} 0V${HEIGHT}"/>`;
  return `<g transform="translate(${x} 0)">${area([...before, joint], colours.kept)}${area([joint, ...after], colours.lost)}${line}</g>`;
}

function heightAt(points: readonly (readonly [number, number])[], x: number): number {
  const right = points.findIndex(([px]) => px >= x);
  const [b, a] = [points[Math.max(0, right)], points[Math.max(0, right - 1)]];
  if (a === undefined || b === undefined || b[0] === a[0]) return b?.[1] ?? HEIGHT - 1;
  return a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]);
}

function coordinates([x, y]: readonly [number, number]): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

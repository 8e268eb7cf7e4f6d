/** A picture as SVG text, with its size in px. */
export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Widths of characters as shares of the type's size: those of a wide sans-serif, so that nothing touches. */
const WIDE = 0.97;
const NARROW = 0.36;
const CHARACTER = 0.64;

/** An SVG of a size (px, rounded up) with these parts in it. */
export function svgPicture(width: number, height: number, parts: string): Picture {
  const [w, h] = [Math.max(1, Math.ceil(width)), Math.max(1, Math.ceil(height))];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">${parts}</svg>`;
  return { svg, width: w, height: h };
}

/** An SVG as an address. */
export function dataAddress(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

/** A text of a size (px): how wide it is, about, and what draws it with its left end (or its right) at a place. */
export function textSvg(
  text: string,
  size: number,
  colour: string,
): {
  readonly width: number;
  readonly at: (x: number, y: number, anchor?: 'start' | 'middle' | 'end') => string;
} {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return {
    width: Math.ceil(size * widthOf(text)),
    at: (x, y, anchor = 'start') =>
      `<text x="${round(x)}" y="${round(y)}" font-family="sans-serif" font-size="${size}" fill="${colour}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escaped}</text>`,
  };
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width += /[mwMW%…]/u.test(character) ? WIDE : /[ijl.,:' ]/u.test(character) ? NARROW : CHARACTER;
  }
  return width;
}

/** A filled rectangle. */
export function rectSvg(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;
}

/** To a tenth of a pixel. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}

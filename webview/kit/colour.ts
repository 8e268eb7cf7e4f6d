/** A colour by its parts, each 0 to 1. */
export interface Colour {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

/** Reads `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(…)` and `rgba(…)`, the forms that themes come in; undefined for others. */
export function parseColour(text: string): Colour | undefined {
  const hex = /^#([0-9a-f]{3,8})$/iu.exec(text.trim())?.[1];
  if (hex !== undefined && hex.length !== 5 && hex.length !== 7) {
    const wide = hex.length <= 4 ? hex.replace(/./gu, '$&$&') : hex;
    const part = (at: number): number => Number.parseInt(wide.slice(at, at + 2), 16) / 255;
    return { red: part(0), green: part(2), blue: part(4), alpha: wide.length === 8 ? part(6) : 1 };
  }
  const parts = /^rgba?\(([^)]*)\)$/iu
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/u)
    .map(Number);
  const [red, green, blue, alpha = 1] = parts ?? [];
  if (red === undefined || green === undefined || blue === undefined || parts?.some(Number.isNaN) !== false) {
    return undefined;
  }
  return { red: red / 255, green: green / 255, blue: blue / 255, alpha };
}

/** As CSS and SVG write it. */
export function colourText({ red, green, blue, alpha }: Colour): string {
  const byte = (part: number): number => Math.round(Math.min(1, Math.max(0, part)) * 255);
  if (alpha < 1) return `rgba(${byte(red)}, ${byte(green)}, ${byte(blue)}, ${Number(alpha.toFixed(3))})`;
  return `#${[red, green, blue].map((part) => byte(part).toString(16).padStart(2, '0')).join('')}`;
}

/** The same colour, less opaque. */
export function faded(text: string, alpha: number): string {
  const colour = parseColour(text);
  return colour === undefined ? text : colourText({ ...colour, alpha: colour.alpha * alpha });
}

/** How far two colours stand apart, 1 to 21, as WCAG 2 has it. */
export function contrast(one: Colour, other: Colour): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** A colour that stands out from the background by a contrast: the same hue, lighter or darker as far as it must. */
export function standingOut(colour: Colour, background: Colour, least: number): Colour {
  const target = luminance(background) < 0.18 ? 1 : 0;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, target, share);
    if (contrast(mixed, background) >= least) return mixed;
  }
  return { red: target, green: target, blue: target, alpha: 1 };
}

/** The same for text on a background, by the contrast that WCAG 2 asks of it, or more of a high-contrast theme. */
export function readable(text: string, background: string, highContrast: boolean): string {
  const colour = parseColour(text);
  const ground = parseColour(background);
  if (colour === undefined || ground === undefined) return text;
  return colourText(standingOut(colour, ground, highContrast ? 7 : 4.5));
}

/** A colour of a hue (degrees), saturation and lightness. */
export function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const part = (offset: number): number => {
    const place = (offset + hue / 30) % 12;
    return lightness - chroma * Math.max(-1, Math.min(place - 3, 9 - place, 1));
  };
  return { red: part(0), green: part(8), blue: part(4), alpha: 1 };
}

function mix({ red, green, blue }: Colour, target: number, share: number): Colour {
  const part = (value: number): number => value + (target - value) * share;
  return { red: part(red), green: part(green), blue: part(blue), alpha: 1 };
}

function luminance({ red, green, blue }: Colour): number {
  const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

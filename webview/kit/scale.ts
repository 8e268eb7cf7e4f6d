import { type Colour, colourText, contrast, parseColour } from './colour';

/** Gives a share, 0 to 1, a colour; a difference, −1 to 1. */
export type ColourScale = (share: number) => string;

/** From little to much: ever further from the ground in lightness, so that it is read without hues too. */
const RAMPS = {
  dark: ['#26324d', '#2c68a8', '#3fb0a8', '#f4e285'],
  light: ['#edf3da', '#7fcab5', '#2f7ab8', '#29245f'],
} as const;

/** From less over the same to more, in two hues that are also told apart by those who see no red or no green. */
const TURNS = {
  dark: ['#e8943f', '#3d3d3d', '#55abff'],
  light: ['#b65f0c', '#ececec', '#1c6cc0'],
} as const;

const BLACK: Colour = { red: 0, green: 0, blue: 0, alpha: 1 };
const WHITE: Colour = { red: 1, green: 1, blue: 1, alpha: 1 };

/** Colours of amounts on a background. */
export function amountScale(background: string): ColourScale {
  const between = interpolation(RAMPS[groundOf(background)]);
  return (share) => between(Math.min(1, Math.max(0, share)));
}

/** Colours of differences on a background. */
export function differenceScale(background: string): ColourScale {
  const between = interpolation(TURNS[groundOf(background)]);
  return (share) => between((Math.min(1, Math.max(-1, share)) + 1) / 2);
}

/** What is read best on a colour: black or white. */
export function inkOn(colour: string): string {
  const ground = parseColour(colour) ?? WHITE;
  return contrast(BLACK, ground) >= contrast(WHITE, ground) ? '#000000' : '#ffffff';
}

/** The colours of a scale from its beginning to its end, for a legend's gradient. */
export function scaleStops(scale: ColourScale, from: number, count = 12): string[] {
  return Array.from({ length: count + 1 }, (_, index) => scale(from + ((1 - from) * index) / count));
}

function groundOf(background: string): 'dark' | 'light' {
  const ground = parseColour(background) ?? WHITE;
  return contrast(WHITE, ground) > contrast(BLACK, ground) ? 'dark' : 'light';
}

function interpolation(anchors: readonly string[]): (place: number) => string {
  const labs = anchors.map((anchor) => labOf(parseColour(anchor) ?? BLACK));
  return (place) => {
    const at = place * (labs.length - 1);
    const index = Math.min(labs.length - 2, Math.floor(at));
    const [low, high] = [labs[index], labs[index + 1]];
    if (low === undefined || high === undefined) return anchors[0] ?? '';
    const share = at - index;
    const mixed = (part: 0 | 1 | 2): number => low[part] + (high[part] - low[part]) * share;
    return colourText(colourOf([mixed(0), mixed(1), mixed(2)]));
  };
}

/** OKLab, in which equal steps look equal: lightness, green to red, blue to yellow (Ottosson 2020). */
type Lab = readonly [number, number, number];

function labOf({ red, green, blue }: Colour): Lab {
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const long = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const medium = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const short = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

function colourOf([lightness, a, b]: Lab): Colour {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return {
    red: encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    green: encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    blue: encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short),
    alpha: 1,
  };
}

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function encoded(part: number): number {
  return part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055;
}

import type { Mark } from './palette';

const SVG = 'http://www.w3.org/2000/svg';

/** The forms of points around the middle of a swatch, as paths. */
const FORMS: Readonly<Record<Mark['point'], string>> = {
  circle: 'M11 6 a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0',
  triangle: 'M14 2.5 L17.5 9 H10.5 Z',
  rect: 'M11 3 H17 V9 H11 Z',
  rectRot: 'M14 2 L18 6 L14 10 L10 6 Z',
  star: 'M14 2 V10 M10.5 4 L17.5 8 M17.5 4 L10.5 8',
  cross: 'M14 2 V10 M10 6 H18',
};

/** A piece of a run's line, as it is drawn: colour, dashes and the form of its points. */
export function swatch({ colour, dash, point }: Mark, long = true): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', long ? '0 0 28 12' : '8 0 12 12');
  svg.setAttribute('class', long ? 'swatch' : 'swatch short');
  svg.setAttribute('aria-hidden', 'true');
  const add = (d: string, attributes: Readonly<Record<string, string>>): void => {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    svg.append(path);
  };
  if (long) add('M0 6 H28', { stroke: colour, 'stroke-width': '2', 'stroke-dasharray': dash.join(' ') });
  add(FORMS[point], { stroke: colour, 'stroke-width': '1.5', fill: colour });
  return svg;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Paths on a grid of 16 × 16, drawn as strokes in the colour of the text. */
const PATHS = {
  close: 'M4 4 L12 12 M12 4 L4 12',
  plus: 'M8 3 V13 M3 8 H13',
  minus: 'M3 8 H13',
  reset: 'M3 6 V3 H6 M10 3 H13 V6 M13 10 V13 H10 M6 13 H3 V10',
  play: 'M5 3 L13 8 L5 13 Z',
  pause: 'M5 3 V13 M11 3 V13',
  previous: 'M10 3 L5 8 L10 13',
  next: 'M6 3 L11 8 L6 13',
  stop: 'M4 4 H12 V12 H4 Z',
  resume: 'M4 3 V13 M7 3 L13 8 L7 13 Z',
} as const;

/** An icon; it has no name of its own, the control it stands on has. */
export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

import { BAND, labelledNotes, placeNotes } from './notes';
import type { Figure, FigureLine } from './figure';
import { readable } from './colour';
import { formatTicks } from './format';
import { linearTicks, logTicks } from './ticks';
import { rawOpacity, type Theme } from './themeColours';

/** An entry of the picture's legend. */
interface SvgLegend {
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
}

export interface SvgOptions {
  readonly title: string;
  readonly theme: Theme;
  readonly legend: readonly SvgLegend[];
  readonly columns: number;
  /** Of each figure. */
  readonly size?: { readonly width: number; readonly height: number };
}

const CELL = { width: 480, height: 280 };
const MARGIN = { top: 34, right: 16, bottom: 40, left: 64 };
const GAP = 16;
const ROW = 18;
/** Room for a title. */
const LEAST_WIDTH = 480;

/** A part of a picture that is none of the figures. */
export interface SvgPart {
  readonly width: number;
  readonly height: number;
  /** SVG elements; their corner is the part's. */
  readonly content: string;
}

/**
 * A picture of figures in a grid, in vectors all the way: lines are paths, and text is text. The `heads` stand
 * between the title and the figures, one below another.
 */
export function svgPicture(
  figures: readonly Figure[],
  options: SvgOptions,
  ...heads: readonly SvgPart[]
): string {
  const { theme, legend, title } = options;
  const columns = Math.max(1, Math.min(options.columns, figures.length));
  const cell = { ...CELL, ...options.size };
  const grid = figures.length === 0 ? 0 : columns * cell.width + (columns + 1) * GAP;
  const width = Math.max(grid, LEAST_WIDTH, ...heads.map((head) => head.width + 2 * GAP));
  let begin = 40;
  const parts = heads.map(({ height: tall, content }) => {
    const part = `<g transform="translate(${GAP} ${begin})">${content}</g>`;
    begin += tall + GAP;
    return part;
  });
  const top = begin + legend.length * ROW;
  const height = top + Math.ceil(figures.length / columns) * (cell.height + GAP) + GAP;
  const cells = figures.map((figure, index) => {
    const left = GAP + (index % columns) * (cell.width + GAP);
    const down = top + Math.floor(index / columns) * (cell.height + GAP);
    return `<g transform="translate(${left} ${down})">${figureGroup(figure, theme, index, cell)}</g>`;
  });
  const entries = legend.map(({ label, colour, dash }, index) => {
    const y = begin + 4 + index * ROW;
    return (
      `<line x1="${GAP}" y1="${y}" x2="${GAP + 28}" y2="${y}" stroke="${colour}" stroke-width="2"${dashes(dash)}/>` +
      `<text x="${GAP + 36}" y="${y + 4}" font-size="12" fill="${theme.foreground}">${escapeText(label)}</text>`
    );
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeText(theme.font)}" role="img" aria-label="${escapeText(title)}">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="100%" height="100%" fill="${theme.background}"/>`,
    `<text x="${GAP}" y="26" font-size="16" font-weight="600" fill="${theme.foreground}">${escapeText(title)}</text>`,
    ...parts,
    ...entries,
    ...cells,
    '</svg>',
    '',
  ].join('\n');
}

function figureGroup(figure: Figure, theme: Theme, index: number, cell: typeof CELL): string {
  const area = {
    left: MARGIN.left,
    top: MARGIN.top,
    right: cell.width - (figure.right === undefined ? MARGIN.right : MARGIN.left),
    bottom: cell.height - MARGIN.bottom,
  };
  const x = scale(figure.x, area.left, area.right);
  const y = scale(figure.y, area.bottom, area.top);
  const right =
    figure.right === undefined ? y : scale({ ...figure.right, log: false }, area.bottom, area.top);
  const clip = `clip-${index}`;
  const title = figure.unit === '' ? figure.title : `${figure.title} (${figure.unit})`;
  return [
    `<title>${escapeText(figure.description)}</title>`,
    `<clipPath id="${clip}"><rect x="${area.left}" y="${area.top}" width="${area.right - area.left}" height="${area.bottom - area.top}"/></clipPath>`,
    `<text x="0" y="18" font-size="13" font-weight="600" fill="${theme.foreground}">${escapeText(title)}</text>`,
    axes(figure, theme, area, x, y),
    figure.right === undefined ? '' : rightAxis(figure.right, theme, area, right),
    bands(figure, theme, area, x),
    `<g clip-path="url(#${clip})" fill="none" stroke-linejoin="round">`,
    ...figure.lines.map((line) => linePaths(line, theme, x, line.axis === 'right' ? right : y)),
    '</g>',
    notes(figure, theme, area, x, y),
    figure.rule === undefined ? '' : rule(figure.rule, theme, area, x),
  ].join('\n');
}

type Area = Readonly<Record<'left' | 'top' | 'right' | 'bottom', number>>;
type Scale = (value: number) => number;

function scale({ min, max, log }: Figure['x'] | Figure['y'], from: number, to: number): Scale {
  const place = log ? Math.log : (value: number): number => value;
  const low = place(min);
  const span = place(max) - low || 1;
  return (value) => from + ((place(value) - low) / span) * (to - from);
}

function axes({ x, y }: Figure, theme: Theme, area: Area, left: Scale, top: Scale): string {
  const text = `font-size="11" fill="${theme.muted}"`;
  const yTicks = y.log ? logTicks(y.min, y.max) : linearTicks(y.min, y.max, 5);
  const yTexts = formatTicks(yTicks);
  const across = yTicks.map((tick, index) => {
    const at = round(top(tick));
    return (
      `<line x1="${area.left}" y1="${at}" x2="${area.right}" y2="${at}" stroke="${theme.grid}" stroke-opacity="0.4"/>` +
      `<text x="${area.left - 6}" y="${round(at + 4)}" text-anchor="end" ${text}>${yTexts[index] ?? ''}</text>`
    );
  });
  const xTicks = x.log ? logTicks(x.min, x.max) : linearTicks(x.min, x.max, 5);
  const xTexts = formatTicks(xTicks);
  const down = xTicks.map((tick, index) => {
    const at = round(left(tick));
    return (
      `<line x1="${at}" y1="${area.bottom}" x2="${at}" y2="${area.bottom + 4}" stroke="${theme.grid}"/>` +
      `<text x="${at}" y="${area.bottom + 16}" text-anchor="middle" ${text}>${xTexts[index] ?? ''}</text>`
    );
  });
  return [
    ...across,
    ...down,
    `<path d="M${area.left} ${area.top}V${area.bottom}H${area.right}" fill="none" stroke="${theme.grid}"/>`,
    `<text x="${(area.left + area.right) / 2}" y="${area.bottom + 32}" text-anchor="middle" ${text}>${escapeText(x.title)}</text>`,
    y.title === undefined ? '' : turned(y.title, area.left - 48, area, text),
  ].join('\n');
}

function rightAxis(
  { min, max, title, format }: NonNullable<Figure['right']>,
  theme: Theme,
  area: Area,
  top: Scale,
): string {
  const text = `font-size="11" fill="${theme.muted}"`;
  const ticks = linearTicks(min, max, 5).map(
    (tick) =>
      `<text x="${area.right + 6}" y="${round(top(tick) + 4)}" ${text}>${escapeText(format(tick))}</text>`,
  );
  return [
    ...ticks,
    `<path d="M${area.right} ${area.top}V${area.bottom}" stroke="${theme.grid}"/>`,
    turned(title, area.right + 50, area, text),
  ].join('\n');
}

/** A title along an axis that stands upright. */
function turned(title: string, left: number, area: Area, text: string): string {
  const middle = (area.top + area.bottom) / 2;
  return `<text transform="translate(${left} ${middle}) rotate(-90)" text-anchor="middle" ${text}>${escapeText(title)}</text>`;
}

function bands(figure: Figure, theme: Theme, area: Area, left: Scale): string {
  return figure.bands
    .map(({ from, to, label }, index) => {
      const begin = Math.max(area.left, left(from));
      const end = Math.min(area.right, left(to));
      if (!(end > begin)) return '';
      const top = area.bottom - BAND;
      const edge =
        begin > area.left
          ? `<line x1="${round(begin)}" y1="${area.top}" x2="${round(begin)}" y2="${area.bottom}" stroke="${theme.muted}" stroke-dasharray="3 3" stroke-opacity="0.6"/>`
          : '';
      return (
        `<rect x="${round(begin)}" y="${top}" width="${round(end - begin)}" height="${BAND}" fill="${theme.muted}" fill-opacity="${index % 2 === 0 ? 0.25 : 0.1}"/>${edge}` +
        `<text x="${round(begin + 4)}" y="${top + 10}" font-size="10" fill="${theme.foreground}">${escapeText(label)}</text>`
      );
    })
    .join('\n');
}

function rule({ x, text }: NonNullable<Figure['rule']>, theme: Theme, area: Area, left: Scale): string {
  const at = round(left(x));
  if (at < area.left || at > area.right) return '';
  const side = at > (area.left + area.right) / 2 ? -6 : 6;
  return (
    `<line x1="${at}" y1="${area.top}" x2="${at}" y2="${area.bottom}" stroke="${theme.foreground}" stroke-width="1.5"/>` +
    `<text x="${at + side}" y="${area.top + 14}" font-size="11" text-anchor="${side < 0 ? 'end' : 'start'}" fill="${theme.foreground}" stroke="${theme.background}" stroke-width="3" paint-order="stroke">${escapeText(text)}</text>`
  );
}

function linePaths(line: FigureLine, theme: Theme, x: Scale, y: Scale): string {
  const raw =
    line.raw === undefined
      ? ''
      : `<path d="${pathData(line.raw.xs, line.raw.ys, x, y)}" stroke="${line.colour}" stroke-opacity="${rawOpacity(theme)}"/>`;
  const dots = line.points
    ? Array.from(line.xs, (value, index) => {
        const top = y(line.ys[index] ?? NaN);
        return Number.isFinite(top)
          ? `<circle cx="${round(x(value))}" cy="${round(top)}" r="2.5" fill="${line.colour}"/>`
          : '';
      }).join('')
    : '';
  return `${raw}<path d="${pathData(line.xs, line.ys, x, y)}" stroke="${line.colour}" stroke-width="${line.axis === 'right' ? 1 : 1.5}"${dashes(line.dash)}/>${dots}`;
}

function pathData(xs: Float64Array, ys: Float64Array, x: Scale, y: Scale): string {
  let data = '';
  let begun = false;
  for (const [index, value] of xs.entries()) {
    const left = x(value);
    const top = y(ys[index] ?? NaN);
    // Not finite: nothing is there, or a logarithm of what is not positive.
    if (!Number.isFinite(left) || !Number.isFinite(top)) {
      begun = false;
      continue;
    }
    data += `${begun ? 'L' : 'M'}${round(left)} ${round(top)}`;
    begun = true;
  }
  return data;
}

function notes(figure: Figure, theme: Theme, area: Area, x: Scale, y: Scale): string {
  const placed = placeNotes(
    labelledNotes(figure),
    (note) => ({ left: x(note.x), top: y(note.y) }),
    // About the width of a digit: there is no canvas to measure on.
    (text) => text.length * 6.2,
    area,
  );
  return placed
    .map(
      ({ note, left, top, textLeft, textTop }) =>
        `<circle cx="${round(left)}" cy="${round(top)}" r="${note.kind === 'best' ? 4.5 : 3}" fill="${note.kind === 'best' ? theme.background : note.colour}" stroke="${note.colour}" stroke-width="2"/>` +
        (note.text === ''
          ? ''
          : `<text x=\"${round(textLeft)}\" y="${round(textTop + 4)}" font-size="11" fill="${readable(note.colour, theme.background, theme.highContrast)}" stroke="${theme.background}" stroke-width="3" paint-order="stroke">${escapeText(note.text)}</text>`),
    )
    .join('\n');
}

function dashes(dash: readonly number[]): string {
  return dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Text as XML writes it. */
export function escapeText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // XML has no other control characters.
      .replace(/[^\P{Cc}\t\n\r]/gu, ' ')
  );
}

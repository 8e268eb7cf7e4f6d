import type { GridCell } from './gridCell';
import type { ModuleGrid } from './moduleGrid';
import { type ColourScale, scaleStops } from './scale';
import { escapeText, type SvgPart } from './svg';
import type { Theme } from './themeColours';

const CELL = { width: 22, height: 18 };
/** Cells with numbers in them are wider. */
const WIDE = 30;
const LABELS = 100;
const HEAD = 40;
/** Height of a line of text. */
const LINE = 18;
/** About the width of a character: there is no canvas to measure on. */
const CHARACTER = 6.6;
/** From one colour of a legend to the next. */
const ENTRY = 96;

/** What stands below a grid: what its colours mean. */
export interface GridLegend {
  readonly width: number;
  /** SVG elements; their corner is at the grid's left. */
  readonly draw: (theme: Theme) => string;
}

/** What stands above a grid. */
export interface GridTitle {
  readonly title: string;
  /** A line below it. */
  readonly facts?: string;
}

/** A grid of modules as vectors, with its title and what its colours mean. */
export function gridPicture(
  { rows, columns }: ModuleGrid,
  cells: ReadonlyMap<string, GridCell>,
  { title, facts = '' }: GridTitle,
  theme: Theme,
  legend?: GridLegend,
): SvgPart {
  const head = HEAD + (facts === '' ? 0 : LINE);
  const numbered = [...cells.values()].some(({ text }) => text !== '');
  const width = numbered ? WIDE : CELL.width;
  const squares = rows.flatMap(({ label, cells: paths }, row) => {
    const top = head + row * CELL.height;
    return [
      textAt(theme, 0, top + 13, label),
      ...paths.map((path, column) => {
        const cell = path === undefined ? undefined : cells.get(path);
        return cell === undefined ? '' : square(cell, LABELS + column * width, top, width, theme);
      }),
    ];
  });
  const numbers = columns.map((layer, column) =>
    textAt(
      theme,
      LABELS + (column + 0.5) * width,
      head - 5,
      layer === undefined ? '–' : String(layer),
      MIDDLE,
    ),
  );
  const bottom = head + rows.length * CELL.height + 12;
  return {
    width: Math.max(
      LABELS + Math.max(columns.length * width, legend?.width ?? 0),
      CHARACTER * Math.max(title.length, facts.length),
    ),
    height: bottom + (legend === undefined ? 0 : 24),
    content: [
      textAt(theme, 0, 14, title, ' font-weight="600"'),
      facts === '' ? '' : textAt(theme, 0, 14 + LINE, facts),
      textAt(theme, 0, head - 5, 'Layer'),
      ...numbers,
      ...squares,
      legend === undefined ? '' : `<g transform="translate(${LABELS} ${bottom})">${legend.draw(theme)}</g>`,
    ].join('\n'),
  };
}

const MIDDLE = ' text-anchor="middle"';

function square(cell: GridCell, x: number, y: number, width: number, theme: Theme): string {
  const size = `x="${x}" y="${y}" width="${width - 1}" height="${CELL.height - 1}"`;
  const edge = cell.colour === undefined ? theme.grid : 'none';
  const rect = `<rect ${size} fill="${cell.colour ?? 'none'}" stroke="${edge}"><title>${escapeText(cell.label)}</title></rect>`;
  if (cell.text === '') return rect;
  const ink = cell.colour === undefined ? theme.foreground : cell.ink;
  return `${rect}<text x="${x + (width - 1) / 2}" y="${y + 12.5}" font-size="10" fill="${ink}"${MIDDLE}>${escapeText(cell.text)}</text>`;
}

/** A legend of a scale from `from` to 1, between the words for its ends. */
export function scaleLegend(
  scale: ColourScale,
  from: number,
  [low, high]: readonly [string, string],
): GridLegend {
  const stops = scaleStops(scale, from).map(
    (colour, index, all) => `<stop offset="${index / (all.length - 1)}" stop-color="${colour}"/>`,
  );
  const draw = (theme: Theme): string =>
    `<defs><linearGradient id="scale">${stops.join('')}</linearGradient></defs>` +
    textAt(theme, -8, 10, low, ' text-anchor="end"') +
    '<rect width="160" height="12" fill="url(#scale)"/>' +
    textAt(theme, 168, 10, high);
  return { width: 168 + CHARACTER * high.length, draw };
}

/** A legend of single colours. */
export function colourLegend(
  entries: readonly { readonly colour: string; readonly text: string }[],
): GridLegend {
  const draw = (theme: Theme): string =>
    entries
      .map(
        ({ colour, text }, index) =>
          `<rect x="${index * ENTRY}" width="12" height="12" fill="${colour}" stroke="${theme.grid}"/>` +
          textAt(theme, index * ENTRY + 18, 10, text),
      )
      .join('');
  return { width: entries.length * ENTRY, draw };
}

function textAt({ foreground }: Theme, x: number, y: number, said: string, more = ''): string {
  return `<text x="${x}" y="${y}" font-size="11" fill="${foreground}"${more}>${escapeText(said)}</text>`;
}

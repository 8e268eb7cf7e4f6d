import type { ModuleGrid } from '../kit/moduleGrid';
import { scaleStops } from '../kit/scale';
import { escapeText, type SvgPart } from '../kit/svg';
import type { Theme } from '../kit/themeColours';
import type { HeatMap } from './heatMap';

const CELL = { width: 22, height: 18 };
const LABELS = 100;
const HEAD = 40;

/** The map as vectors, with the scale of its colours. */
export function mapPicture(
  { rows, columns }: ModuleGrid,
  { cells, scale }: HeatMap,
  title: string,
  ends: readonly [string, string] | undefined,
  theme: Theme,
): SvgPart {
  const text = (x: number, y: number, said: string, more = ''): string =>
    `<text x="${x}" y="${y}" font-size="11" fill="${theme.foreground}"${more}>${escapeText(said)}</text>`;
  const squares = rows.flatMap(({ label, cells: paths }, row) => {
    const top = HEAD + row * CELL.height;
    return [
      text(0, top + 13, label),
      ...paths.map((path, column) => {
        const cell = path === undefined ? undefined : cells.get(path);
        if (cell === undefined) return '';
        const x = LABELS + column * CELL.width;
        const size = `x="${x}" y="${top}" width="${CELL.width - 1}" height="${CELL.height - 1}"`;
        return `<rect ${size} fill="${cell.colour ?? 'none'}" stroke="${cell.colour === undefined ? theme.grid : 'none'}"><title>${escapeText(cell.label)}</title></rect>`;
      }),
    ];
  });
  const numbers = columns.map((layer, column) =>
    text(
      LABELS + (column + 0.5) * CELL.width,
      HEAD - 5,
      layer === undefined ? '–' : String(layer),
      ' text-anchor="middle"',
    ),
  );
  const bottom = HEAD + rows.length * CELL.height + 12;
  const stops = scaleStops(scale, 0).map(
    (colour, index, all) => `<stop offset="${index / (all.length - 1)}" stop-color="${colour}"/>`,
  );
  const legend =
    ends === undefined
      ? ''
      : `<defs><linearGradient id="scale">${stops.join('')}</linearGradient></defs>` +
        text(LABELS - 8, bottom + 10, ends[0], ' text-anchor="end"') +
        `<rect x="${LABELS}" y="${bottom}" width="160" height="12" fill="url(#scale)"/>` +
        text(LABELS + 168, bottom + 10, ends[1]);
  return {
    width: LABELS + columns.length * CELL.width,
    height: bottom + 24,
    content: [
      text(0, 14, title, ' font-weight="600"'),
      text(0, HEAD - 5, 'Layer'),
      ...numbers,
      ...squares,
      legend,
    ].join('\n'),
  };
}

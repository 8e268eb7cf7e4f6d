import { type Picture, rectSvg, svgPicture, textSvg } from './svg';
import type { PictureColours } from './themeColours';

/** One kind of module, layer by layer. */
export interface LayerRow {
  readonly label: string;
  /** Of each layer, 0 to 1; undefined where a layer has no such module. */
  readonly shares: readonly (number | undefined)[];
  /** What the row comes to. */
  readonly sum: string;
}

/** Widths (px): of a layer at most and at least, and of all of them where there are many. */
const MOST_WIDTH = 18;
const LEAST_WIDTH = 2;
const ROOM = 300;
/** Heights (px) of a row: by itself, and of several. */
const ALONE = 48;
const TOGETHER = 11;
const ROW_GAP = 3;
const SIZE = 10;
const FOOT = 15;
const PAD = 6;

/**
 * Bars of how much each layer keeps: as high as the share, the rest of it faint, a line where the cut is; rows below
 * one another on one axis of layers, from `first` to `last`. Without `cut` the bars are of one colour.
 */
export function layerPicture(
  rows: readonly LayerRow[],
  { first, last, cut }: { readonly first: string; readonly last: string; readonly cut: boolean },
  colours: PictureColours,
): Picture {
  const labels = rows.map(({ label }) => textSvg(label, SIZE, colours.text));
  const sums = rows.map(({ sum }) => textSvg(sum, SIZE, colours.text));
  const left = Math.max(...labels.map(({ width }) => width)) + PAD;
  const count = Math.max(1, ...rows.map(({ shares }) => shares.length));
  const step = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, ROOM / count));
  const right = left + count * step;
  const height = rows.length === 1 ? ALONE : TOGETHER;
  const parts: string[] = [];
  let y = 0;
  rows.forEach(({ shares }, i) => {
    const middle = y + height / 2 + SIZE / 3;
    parts.push(
      labels[i]?.at(left - PAD, middle, 'end') ?? '',
      bars(shares, { left, top: y, step, height, cut }, colours),
      sums[i]?.at(right + PAD, middle) ?? '',
    );
    if (height === ALONE) parts.push(rectSvg(left, y + height / 2, right - left, 0.7, colours.rule));
    y += height + ROW_GAP;
  });
  const foot = y - ROW_GAP + FOOT - 4;
  const ends = [textSvg(first, SIZE, colours.text), textSvg(last, SIZE, colours.text)] as const;
  parts.push(ends[0].at(left, foot));
  // Where there are few layers the ends would stand in one another.
  if (count > 1 && right - left > ends[0].width + ends[1].width + PAD)
    parts.push(ends[1].at(right, foot, 'end'));
  const width = Math.max(right + PAD + Math.max(...sums.map((sum) => sum.width)), left + ends[0].width);
  return svgPicture(width, y - ROW_GAP + FOOT, parts.join(''));
}

function bars(
  shares: readonly (number | undefined)[],
  place: { left: number; top: number; step: number; height: number; cut: boolean },
  { kept, lost, plain, cut: cutColour }: PictureColours,
): string {
  const { left, top, step, height, cut } = place;
  // Between bars that are wide enough there is a gap.
  const width = step >= 4 ? step - 1 : step;
  return shares
    .map((share, layer) => {
      if (share === undefined) return '';
      const x = left + layer * step;
      const high = share * height;
      const bar = rectSvg(x, top + height - high, width, high, cut ? kept : plain);
      if (!cut) return bar;
      const rest = rectSvg(x, top, width, height - high, lost);
      const line = Math.min(height - 1.5, height - high);
      return rest + bar + rectSvg(x, top + Math.max(0, line), width, 1.5, cutColour);
    })
    .join('');
}

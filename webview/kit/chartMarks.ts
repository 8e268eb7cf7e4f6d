import type { Chart } from 'chart.js';
import { faded, readable } from './colour';
import type { Figure } from './figure';
import { BAND, clamp, labelledNotes, placeNotes } from './notes';
import type { Theme } from './themeColours';

/** Draws the phases along the x axis, as strong as what they stand for. */
export function drawBands({ ctx, chartArea: area, scales }: Chart, figure: Figure, theme: Theme): void {
  const { x } = scales;
  if (x === undefined || figure.bands.length === 0) return;
  const left = (value: number): number => clamp(x.getPixelForValue(value), area.left, area.right);
  ctx.save();
  ctx.font = `10px ${theme.font}`;
  ctx.textBaseline = 'middle';
  const top = area.bottom - BAND;
  ctx.fillStyle = faded(theme.muted, 0.08);
  ctx.fillRect(area.left, top, area.right - area.left, BAND);
  if (figure.strength !== undefined) {
    const { xs, shares } = figure.strength;
    for (const [index, share] of shares.entries()) {
      const from = left(xs[index] ?? NaN);
      const to = index + 1 < xs.length ? left(xs[index + 1] ?? NaN) : area.right;
      ctx.fillStyle = faded(theme.muted, 0.35 * share);
      const height = BAND * Math.max(0.12, share);
      ctx.fillRect(from, area.bottom - height, Math.max(0, to - from), height);
    }
  }
  for (const band of figure.bands) {
    const from = left(band.from);
    const to = left(band.to);
    if (to <= from) continue;
    if (from > area.left) {
      ctx.strokeStyle = faded(theme.muted, 0.6);
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(from, area.top);
      ctx.lineTo(from, area.bottom);
      ctx.stroke();
    }
    if (ctx.measureText(band.label).width + 8 > to - from) continue;
    ctx.fillStyle = theme.foreground;
    ctx.fillText(band.label, from + 4, top + BAND / 2);
  }
  ctx.restore();
}

/** Draws points with their labels: the best value of a run, and its last. */
export function drawNotes(
  { ctx, chartArea: area, scales }: Chart,
  figure: Figure,
  theme: Theme,
  emphasis: string | undefined,
): void {
  const { x, y } = scales;
  if (x === undefined || y === undefined) return;
  ctx.save();
  ctx.font = `11px ${theme.font}`;
  ctx.textBaseline = 'middle';
  const placed = placeNotes(
    labelledNotes(figure, emphasis),
    (note) => ({ left: x.getPixelForValue(note.x), top: y.getPixelForValue(note.y) }),
    (text) => ctx.measureText(text).width,
    area,
  );
  for (const { note, left, top, textLeft, textTop } of placed) {
    ctx.beginPath();
    ctx.arc(left, top, note.kind === 'best' ? 4.5 : 3, 0, 2 * Math.PI);
    ctx.fillStyle = note.kind === 'best' ? theme.background : note.colour;
    ctx.strokeStyle = note.colour;
    ctx.lineWidth = 2;
    ctx.fill();
    ctx.stroke();
    if (note.text === '') continue;
    ctx.strokeStyle = theme.background;
    ctx.lineWidth = 3;
    ctx.strokeText(note.text, textLeft, textTop);
    ctx.fillStyle = readable(note.colour, theme.background, theme.highContrast);
    ctx.fillText(note.text, textLeft, textTop);
  }
  ctx.restore();
}

import type { Figure, FigureNote } from './figure';

/** Height of the band of phases, on the x axis. */
export const BAND = 14;
/** Height of a label's line. */
const LINE = 14;
/** From the middle of a point to the end of its label. */
const BESIDE = 9;
/** From the middle of a point to what may stand beside it. */
const POINT = 6;
/** How far from its point the middle of a label may stand, up or down, the best first. */
const SHIFTS = [0, 1, 2, 3].flatMap((lines) => [-11 - lines * LINE, 11 + lines * LINE]);

/**
 * The notes of the run that stands out, or of all. Of several runs only the best values have labels, and only where
 * there is room.
 */
export function labelledNotes(
  { notes, large }: Pick<Figure, 'notes' | 'large'>,
  emphasis?: string,
): FigureNote[] {
  const shown = notes.filter(({ owner }) => emphasis === undefined || owner === emphasis);
  if (new Set(shown.map(({ owner }) => owner)).size < 2) return shown;
  return shown.map((note) => (large && note.kind === 'best' ? note : { ...note, text: '' }));
}

/** A note with the place of its point and of its label. */
export interface PlacedNote {
  readonly note: FigureNote;
  readonly left: number;
  readonly top: number;
  readonly textLeft: number;
  readonly textTop: number;
}

/** A piece of the canvas. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Places labels beside their points so that none lies on another, on a point, or outside. A label without room is left
 * out, and its point stays.
 */
export function placeNotes(
  notes: readonly FigureNote[],
  pixel: (note: FigureNote) => { left: number; top: number },
  width: (text: string) => number,
  area: Box,
): PlacedNote[] {
  const seen = notes
    .map((note) => ({ note, ...pixel(note) }))
    .filter(
      ({ left, top }) =>
        left >= area.left - 1 && left <= area.right + 1 && top >= area.top - 1 && top <= area.bottom + 1,
    )
    // From above, so that of two that are close the upper one's label stands above.
    .sort((one, other) => one.top - other.top);
  const taken = seen.map(({ left, top }) => boxAround(left - POINT, left + POINT, top, 2 * POINT));
  return seen.map(({ note, left, top }) => {
    const size = width(note.text);
    const textLeft = left + BESIDE + size <= area.right ? left + BESIDE : left - BESIDE - size;
    const boxAt = (middle: number): Box => boxAround(textLeft - 2, textLeft + size + 2, middle, LINE);
    const textTop =
      note.text === '' || textLeft < area.left
        ? undefined
        : SHIFTS.map((shift) => clamp(top + shift, area.top + LINE / 2, area.bottom - BAND - LINE / 2)).find(
            (middle) => !taken.some((box) => overlap(box, boxAt(middle))),
          );
    if (textTop === undefined)
      return { note: { ...note, text: '' }, left, top, textLeft: left, textTop: top };
    taken.push(boxAt(textTop));
    return { note, left, top, textLeft, textTop };
  });
}

function boxAround(left: number, right: number, middle: number, height: number): Box {
  return { left, right, top: middle - height / 2, bottom: middle + height / 2 };
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** A value held between two others. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

import type { Figure, FigureNote } from './figure';

/** Height of the band of phases, on the x axis. */
export const BAND = 14;
/** Least distance between the labels of two notes. */
const APART = 13;

/** The notes of the run that stands out, or of all; without labels where those of several runs have no room. */
export function labelledNotes(
  { notes, large }: Pick<Figure, 'notes' | 'large'>,
  emphasis?: string,
): FigureNote[] {
  const shown = notes.filter(({ owner }) => emphasis === undefined || owner === emphasis);
  const roomy = large || new Set(shown.map(({ owner }) => owner)).size < 2;
  return roomy ? shown : shown.map((note) => ({ ...note, text: '' }));
}

/** A note with the place of its point and of its label. */
export interface PlacedNote {
  readonly note: FigureNote;
  readonly left: number;
  readonly top: number;
  readonly textLeft: number;
  readonly textTop: number;
}

/** Places labels beside their points so that none lies on another or outside; a label without room is left out. */
export function placeNotes(
  notes: readonly FigureNote[],
  pixel: (note: FigureNote) => { left: number; top: number },
  width: (text: string) => number,
  area: { left: number; right: number; top: number; bottom: number },
): PlacedNote[] {
  const placed: PlacedNote[] = [];
  for (const note of notes) {
    const { left, top } = pixel(note);
    if (!(left >= area.left - 1 && left <= area.right + 1 && top >= area.top - 1 && top <= area.bottom + 1)) {
      continue;
    }
    const size = width(note.text);
    if (note.text === '') {
      placed.push({ note, left, top, textLeft: left, textTop: NaN });
      continue;
    }
    const textLeft = left + 8 + size <= area.right ? left + 8 : left - 8 - size;
    const spot = [0, -1, 1, -2, 2, -3, 3]
      .map((shift) => clamp(top - 10 + shift * APART, area.top + 6, area.bottom - BAND - 6))
      .find((candidate) =>
        placed.every(
          (other) =>
            other.note.text === '' ||
            Math.abs(other.textTop - candidate) >= APART - 1 ||
            other.textLeft + width(other.note.text) < textLeft ||
            textLeft + size < other.textLeft,
        ),
      );
    if (spot === undefined || textLeft < area.left) continue;
    placed.push({ note, left, top, textLeft, textTop: spot });
  }
  return placed;
}

/** A value held between two others. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

import { colourText, fromHsl, parseColour, standingOut, type Colour } from './colour';

/** How a series is told from others: by its colour, and without it by its dashes and the form of its points. */
export interface Mark {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly point: PointForm;
}
export type PointForm = (typeof POINTS)[number];

const POINTS = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'cross'] as const;
const DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2]] as const;
/** The contrast that WCAG 2 asks of graphics. */
const CONTRAST = 3;
/** Degrees between generated hues: the golden angle, so that any number of them lie well apart. */
const ANGLE = 137.508;

/**
 * Gives each key a slot: the one its hash prefers, or the next free one, so that a key keeps its colour wherever it is
 * shown. Those of `before` stay. `preferred` slots are used first, more are made as needed.
 */
export function assignSlots(
  keys: readonly string[],
  before: ReadonlyMap<string, number>,
  preferred: number,
): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys) {
    const slot = before.get(key);
    if (slot === undefined || taken.has(slot)) continue;
    slots.set(key, slot);
    taken.add(slot);
  }
  // In an order of their own, so that the order of a list decides nothing.
  for (const key of keys.filter((name) => !slots.has(name)).sort()) {
    const wanted = hash(key) % preferred;
    let slot = wanted;
    while (taken.has(slot)) {
      slot = slot < preferred ? (slot + 1) % preferred : slot + 1;
      if (slot === wanted) slot = preferred;
    }
    slots.set(key, slot);
    taken.add(slot);
  }
  return slots;
}

/** The mark of a slot: the theme's chart colours first, then generated hues, all with enough contrast. */
export function markOf(slot: number, theme: readonly string[], background: string): Mark {
  const ground = parseColour(background) ?? { red: 1, green: 1, blue: 1, alpha: 1 };
  const own = parseColour(theme[slot] ?? '');
  const colour: Colour = own ?? fromHsl((slot * ANGLE) % 360, 0.6, 0.5);
  return {
    colour: colourText(standingOut(colour, ground, CONTRAST)),
    dash: DASHES[slot % DASHES.length] ?? [],
    point: POINTS[slot % POINTS.length] ?? 'circle',
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

import { EXCLUSIVE } from '../../../protocol/experiment/overrides';
import { type Entry, entryOf } from './entries';

/** The sides of a choice that a file gives more than one of, about a key or the section it stands in. */
export function exclusiveSides(key: string, entries: readonly Entry[]): readonly (readonly Entry[])[] {
  for (const group of EXCLUSIVE) {
    const about = group.flat().some((each) => each === key || each.startsWith(`${key}.`));
    const sides = group
      .map((side) => side.flatMap((each) => entryOf(entries, each.split('.')) ?? []))
      .filter((side) => side.length > 0);
    if (about && sides.length > 1) return sides;
  }
  return [];
}

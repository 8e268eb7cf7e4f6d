import type { RunSummary } from '../../../runs/survey/summary';

/** All tags that runs have, the most frequent first. */
export function collectTags(runs: readonly Pick<RunSummary, 'tags'>[]): string[] {
  const counts = new Map<string, number>();
  for (const tag of runs.flatMap(({ tags }) => tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([tag]) => tag);
}

/** A tag as it was typed; undefined where it is none, or is known already. A leading `#` is no part of it. */
export function decodeNewTag(text: string, known: readonly string[]): string | undefined {
  const tag = text.trim().replace(/^#+/u, '').slice(0, 60);
  return tag === '' || known.includes(tag) ? undefined : tag;
}

/**
 * The tags that are chosen when a pick is accepted. A new one that was typed counts without being ticked, unless the
 * text was only there to find a known one.
 */
export function acceptedTags(ticked: readonly string[], text: string, known: readonly string[]): string[] {
  const fresh = decodeNewTag(text, known);
  if (fresh === undefined || ticked.includes(fresh)) return [...ticked];
  const finds = known.some((tag) => tag.toLowerCase().includes(fresh.toLowerCase()));
  return finds ? [...ticked] : [...ticked, fresh];
}

/** The tags of a run after a change; those that were not touched stay, in their order. */
export function retagged(
  tags: readonly string[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): string[] {
  return [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])];
}

import { rankColour } from './board';
import type { Theme } from '../kit/themeColours';
import { type State } from './state';

/** How many modules have a rank. */
export interface RankCount {
  readonly rank: number;
  readonly count: number;
  readonly colour: string;
}

/** The candidates and all ranks that the plan has, ascending, with how many modules have each. */
export function tallyOf({ plan, view }: State, theme: Theme): RankCount[] {
  const counts = new Map(view.candidates.map((rank) => [rank, 0]));
  for (const { rank } of plan?.modules ?? []) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([rank, count]) => ({ rank, count, colour: rankColour(rank, view.candidates, theme) }));
}

import { shownRuns, type State } from './state';

/** What to do where there is nothing to see; empty where there is. */
export function emptyText(state: State): string {
  if (!state.loaded) return 'Reading the runs…';
  if (state.order.length === 0) {
    return state.list.source === undefined
      ? 'Open an experiment file (*.tune.yaml) to see its runs here, or add runs with “Add runs…”.'
      : 'This experiment has not been run yet. Run it with ▷ in the editor’s title; its curves appear here as it goes.';
  }
  const shown = shownRuns(state);
  if (shown.length === 0) return 'All runs are hidden. Tick one in the list above to see its curves.';
  if (shown.every(({ read }) => read < 1)) return '';
  const points = [...state.frames.values()].some(({ series }) => series.length > 0);
  if (points || shown.some(({ active }) => active && state.frames.size === 0)) return '';
  return shown.some(({ active }) => active)
    ? 'The first curves appear after the first step.'
    : 'There are no metrics in what is shown: the runs ended before their first step.';
}

import { shownRuns, type State } from './state';

/** What to do where there is nothing to see; empty where there is. */
export function emptyText(state: State): string {
  if (!state.loaded) return 'Reading the runs…';
  if (state.order.length === 0) {
    const { source, added } = state.list;
    if (source !== undefined) {
      return 'This experiment has not been run yet. Run it with ▷ in the editor’s title; its curves appear here as it goes.';
    }
    return added.length > 0
      ? 'The runs that were shown here are gone: their folders were removed. Go to an experiment file to see its runs, or add others with “Add runs…”.'
      : 'Open an experiment file (*.tune.yaml) to see its runs here, or add runs with “Add runs…”.';
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

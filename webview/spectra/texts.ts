import { formatValue } from '../kit/format';
import { type StateText, subjectState } from '../kit/stateText';
import type { State } from './state';

/** How far the panel is, where that has to be said; undefined where the spectra say it. */
export function stateText({ view, spectra, timeline }: State): StateText | undefined {
  const { modules } = view;
  const started = modules.length > 0;
  // What a run recorded is read, not decomposed.
  const sets = view.sets.filter(({ key }) => key !== timeline?.set);
  const found = [...spectra.values()].filter(({ set }) => set !== timeline?.set);
  const there = `${formatValue(found.length)} of ${formatValue(modules.length * sets.length)} spectra are there`;
  return subjectState(view, started, {
    empty: 'Open an experiment file (*.tune.yaml) to see the spectra of its model.',
    untrusted: 'Spectra are read from a model’s weights, which needs a trusted workspace.',
    working: (progress) =>
      progress === undefined
        ? 'Decomposing…'
        : `${capital(progress.what ?? 'spectra')}: ${formatValue(progress.done)} of ${formatValue(progress.total)}`,
    cancelled: started
      ? { text: `Cancelled: ${there}.`, again: 'Go on' }
      : { text: 'Cancelled.', again: 'Try again' },
    failed: 'The spectra cannot be computed.',
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import type { StateText } from '../kit/stateText';
import { formatValue } from '../kit/format';
import type { State } from './state';

/** How far the panel is, where that has to be said; undefined where the spectra say it. */
export function stateText({ view, spectra }: State): StateText | undefined {
  const { status, problem, progress, modules, sets } = view;
  const there = `${formatValue(spectra.size)} of ${formatValue(modules.length * sets.length)} spectra are there`;
  switch (status) {
    case 'empty':
      return { tone: 'hint', text: 'Open an experiment file (*.tune.yaml) to see the spectra of its model.' };
    case 'untrusted':
      return {
        tone: 'hint',
        text: 'Spectra are read from a model’s weights, which needs a trusted workspace.',
        action: { name: 'trust', label: 'Manage trust…' },
      };
    case 'opening':
      return {
        tone: 'busy',
        text: 'Looking for the modules of the model…',
        action: { name: 'cancel', label: 'Cancel' },
      };
    case 'working':
      return {
        tone: 'busy',
        text:
          progress === undefined
            ? 'Decomposing…'
            : `${capital(progress.what ?? 'spectra')}: ${formatValue(progress.done)} of ${formatValue(progress.total)}`,
        progress: progress === undefined || progress.total === 0 ? undefined : progress.done / progress.total,
        action: { name: 'cancel', label: 'Cancel' },
      };
    case 'cancelled':
      return {
        tone: modules.length === 0 ? 'hint' : 'plain',
        text: modules.length === 0 ? 'Cancelled.' : `Cancelled: ${there}.`,
        action: { name: 'retry', label: modules.length === 0 ? 'Try again' : 'Go on' },
      };
    case 'failed':
      return {
        tone: 'error',
        text: problem?.message ?? 'The spectra cannot be computed.',
        place: problem?.place,
        action: { name: 'retry', label: 'Try again' },
      };
    case 'done':
      return undefined;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import type { ModulePlace } from '../../src/protocol/panels/subject';
import { formatShare, formatValue } from '../kit/format';
import { moduleName } from '../kit/moduleGrid';
import type { StateText } from '../kit/stateText';
import { signed } from './board';
import { plannedByPath, requestOf, rivalOf, type State } from './state';

/** How far the panel is, where that has to be said; undefined where the board says it. */
export function stateText({ view, problem: noPlan }: State): StateText | undefined {
  const { status, problem, progress, modules } = view;
  switch (status) {
    case 'empty':
      return {
        tone: 'hint',
        text: 'Open an experiment file (*.tune.yaml) to plan the ranks of its modules.',
      };
    case 'untrusted':
      return {
        tone: 'hint',
        text: 'Ranks are planned by the spectra of a model’s weights, which needs a trusted workspace.',
        action: { name: 'trust', label: 'Manage trust…' },
      };
    case 'opening':
      // The board of the text before stays while the next is read, which is soon.
      if (modules.length > 0) return noPlan === undefined ? undefined : { tone: 'error', text: noPlan };
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
            ? 'Reading the energies…'
            : `Reading the energies: ${formatValue(progress.done)} of ${formatValue(progress.total)} modules`,
        progress: progress === undefined || progress.total === 0 ? undefined : progress.done / progress.total,
        action: { name: 'cancel', label: 'Cancel' },
      };
    case 'cancelled':
      return {
        tone: modules.length === 0 ? 'hint' : 'plain',
        text: 'Cancelled: the energies are needed to plan ranks.',
        action: { name: 'retry', label: 'Go on' },
      };
    case 'failed':
      return {
        tone: 'error',
        text: problem?.message ?? 'The ranks cannot be planned.',
        place: problem?.place,
        action: { name: 'retry', label: 'Try again' },
      };
    case 'done':
      return noPlan === undefined ? undefined : { tone: 'error', text: noPlan };
  }
}

/** What a module's shape is: `2048 × 512`. */
export function shapeText({ shape: [rows, columns] }: ModulePlace): string {
  return `${rows} × ${columns}`;
}

/** The board in words and numbers. */
export function planTable(state: State): { head: readonly string[]; rows: readonly (readonly string[])[] } {
  const planned = plannedByPath(state.plan);
  const rival = rivalOf(state);
  const more = rival === undefined || rival.name === 'Uniform' ? undefined : rival;
  const pins = requestOf(state)?.pinned ?? {};
  const head = [
    'Module',
    'Shape',
    'Rank',
    'Pinned',
    'Energy kept',
    'Parameters',
    'Uniform',
    'Difference',
    ...(more === undefined ? [] : [more.name, 'Difference']),
  ];
  const against = (rank: number | undefined, other: number | undefined): string[] =>
    rank === undefined || other === undefined ? ['–', '–'] : [formatValue(other), signed(rank - other)];
  const rows = state.view.modules.map((module) => {
    const { path } = module;
    const { rank, energy, parameters } = planned.get(path) ?? {};
    return [
      moduleName(module),
      shapeText(module),
      rank === undefined ? '–' : formatValue(rank),
      path in pins ? 'yes' : '',
      energy === undefined ? '–' : formatShare(energy),
      parameters === undefined ? '–' : formatValue(parameters),
      ...against(rank, state.plan?.uniform.ranks[path]),
      ...(more === undefined ? [] : against(rank, more.ranks.get(path))),
    ];
  });
  return { head, rows };
}

import { formatShare, formatValue } from '../kit/format';
import { moduleName, shapeText } from '../kit/moduleGrid';
import { type StateText, subjectState } from '../kit/stateText';
import { signed } from './board';
import { plannedByPath, requestOf, rivalOf, type State } from './state';

/** How far the panel is, where that has to be said; undefined where the board says it. */
export function stateText({ view, problem }: State): StateText | undefined {
  const started = view.modules.length > 0;
  // The board of the text before stays while the next is read, which is soon.
  if (view.status === 'done' || (view.status === 'opening' && started)) {
    return problem === undefined ? undefined : { tone: 'error', text: problem };
  }
  return subjectState(view, started, {
    empty: 'Open an experiment file (*.tune.yaml) to plan the ranks of its modules.',
    untrusted: 'Ranks are planned by the spectra of a model’s weights, which needs a trusted workspace.',
    working: (progress) =>
      progress === undefined
        ? 'Reading the energies…'
        : `Reading the energies: ${formatValue(progress.done)} of ${formatValue(progress.total)} modules`,
    cancelled: { text: 'Cancelled: the energies are needed to plan ranks.', again: 'Go on' },
    failed: 'The ranks cannot be planned.',
  });
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

import type { ModulePlace } from '../../src/protocol/panels/subject';
import { formatCount, formatShare } from '../kit/format';
import type { GridCell } from '../kit/gridCell';
import { moduleName } from '../kit/moduleGrid';
import { amountScale, differenceScale, inkOn } from '../kit/scale';
import type { Theme } from '../kit/themeColours';
import { plannedByPath, requestOf, type Rival, rivalOf, type State } from './state';

/** Powers of two that a difference may span before its colour is at its end. */
const SPAN = 2;

/** The colour of a rank among the candidates: equal factors look equally far apart. */
export function rankColour(rank: number, candidates: readonly number[], theme: Theme): string {
  const low = Math.log2(candidates[0] ?? 1);
  const high = Math.log2(candidates.at(-1) ?? 1);
  const share = high > low ? (Math.log2(rank) - low) / (high - low) : 0.5;
  return amountScale(theme.background)(share);
}

/** The colour of a rank against another. */
function changeColour(rank: number, other: number, theme: Theme): string {
  return differenceScale(theme.background)(Math.log2(rank / Math.max(1, other)) / SPAN);
}

/** What the board of the plan shows. */
export function boardTitle(state: State): string {
  const rival = rivalOf(state);
  if (rival !== undefined && !state.beside) return `Difference from ${rival.name}`;
  return state.view.readOnly ? 'Ranks of the run' : 'Plan';
}

/** The cells of the plan: ranks, or what they differ by from what they are compared with. */
export function planCells(state: State, theme: Theme): ReadonlyMap<string, GridCell> {
  const planned = plannedByPath(state.plan);
  const rival = rivalOf(state);
  const differs = rival !== undefined && !state.beside;
  const pins = requestOf(state)?.pinned ?? {};
  return new Map(
    state.view.modules.map((module): [string, GridCell] => {
      const rank = planned.get(module.path)?.rank;
      const other = rival?.ranks.get(module.path);
      const marks = module.path in pins ? ['pinned'] : [];
      const label = cellParts(state, module).join(', ');
      if (rank === undefined) return [module.path, blank(label, marks)];
      if (differs && other === undefined) return [module.path, { ...blank(label, marks), text: '–' }];
      const colour =
        differs && other !== undefined
          ? changeColour(rank, other, theme)
          : rankColour(rank, state.view.candidates, theme);
      const text = differs && other !== undefined ? signed(rank - other) : String(rank);
      return [module.path, { colour, ink: inkOn(colour), text, label, marks, selected: false }];
    }),
  );
}

/** The cells of what the plan is compared with. */
export function rivalCells(state: State, rival: Rival, theme: Theme): ReadonlyMap<string, GridCell> {
  return new Map(
    state.view.modules.map((module): [string, GridCell] => {
      const rank = rival.ranks.get(module.path);
      const name = `${moduleName(module)}, ${rival.name}`;
      if (rank === undefined) return [module.path, { ...blank(`${name}: not adapted`, []), text: '–' }];
      const colour = rankColour(rank, state.view.candidates, theme);
      const label = `${name}: rank ${rank}`;
      return [
        module.path,
        { colour, ink: inkOn(colour), text: String(rank), label, marks: [], selected: false },
      ];
    }),
  );
}

function blank(label: string, marks: readonly string[]): GridCell {
  return { colour: undefined, ink: '', text: '', label, marks, selected: false };
}

/** What a module gets, part by part: `layer 3, q_proj`, `rank 16`, `keeps 61 % of the energy`, … */
export function cellParts(state: State, module: ModulePlace): string[] {
  const planned = plannedByPath(state.plan).get(module.path);
  if (planned === undefined) return [moduleName(module), 'not planned yet'];
  const pin = requestOf(state)?.pinned[module.path];
  const rival = rivalOf(state);
  const uniform = state.plan?.uniform.ranks[module.path];
  const against = (name: string, rank: number | undefined): string[] =>
    rank === undefined ? [] : [`${name} ${rank}, difference ${signed(planned.rank - rank)}`];
  return [
    moduleName(module),
    `rank ${planned.rank}`,
    ...(pin === undefined ? [] : ['pinned']),
    `keeps ${formatShare(planned.energy)} of the energy`,
    `${formatCount(planned.parameters)} parameters`,
    ...against('uniform', uniform),
    ...(rival === undefined || rival.name === 'Uniform'
      ? []
      : against(rival.name, rival.ranks.get(module.path))),
  ];
}

/** A difference with its sign: `+16`, `−8`, `0`. */
export function signed(difference: number): string {
  if (difference === 0) return '0';
  return difference > 0 ? `+${difference}` : `−${-difference}`;
}

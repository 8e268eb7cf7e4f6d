import { colourLegend, gridPicture, scaleLegend } from '../kit/gridPicture';
import { moduleGrid } from '../kit/moduleGrid';
import { differenceScale } from '../kit/scale';
import { svgPicture, type SvgPart } from '../kit/svg';
import type { Theme } from '../kit/themeColours';
import { boardTitle, planCells, rivalCells } from './board';
import { rivalOf, type State } from './state';
import { tallyOf } from './tally';
import { totalTexts } from './totalTexts';

/** The board as a picture, as it is looked at: the ranks, what they are compared with, and what they come to. */
export function boardPicture(state: State, theme: Theme): string {
  const { view, beside } = state;
  const grid = moduleGrid(view.modules);
  const rival = rivalOf(state);
  const differs = rival !== undefined && !beside;
  const ranks = colourLegend(
    tallyOf(state, theme).map(({ rank, count, colour }) => ({ colour, text: `rank ${rank} × ${count}` })),
  );
  const legend = differs
    ? scaleLegend(differenceScale(theme.background), -1, ['a quarter', 'four times'])
    : ranks;
  const parts: SvgPart[] = [
    gridPicture(
      grid,
      planCells(state, theme),
      { title: boardTitle(state), facts: totals(state) },
      theme,
      legend,
    ),
    ...(rival === undefined || !beside
      ? []
      : [gridPicture(grid, rivalCells(state, rival, theme), { title: rival.name }, theme)]),
  ];
  return svgPicture([], { title: `Ranks: ${view.name}`, theme, legend: [], columns: 1 }, ...parts);
}

/** `Mean rank 24.0 · Trainable 1.2M · …`. */
function totals(state: State): string {
  return totalTexts(state)
    .map(({ name, value }) => `${name} ${value}`)
    .join(' · ');
}

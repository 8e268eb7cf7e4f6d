import * as vscode from 'vscode';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { GROUPINGS, type Grouping, type Order, ORDERS } from './arrange';
import { editFilter } from './filterInput';
import type { RunsTree } from './tree';
import type { ViewState } from './viewState';

const GROUPING_WORDS: Record<Grouping, string> = {
  experiment: 'Experiment',
  day: 'Day',
  method: 'Method',
  status: 'Status',
};

const ORDER_WORDS: Record<Order, string> = {
  newest: 'Newest first',
  name: 'Name',
  loss: 'Loss, the lowest first',
  duration: 'Duration, the longest first',
};

/** Registers what changes how the explorer shows the runs. */
export function addViewCommands({ commands, runs }: Services, state: ViewState, tree: RunsTree): void {
  commands.add(COMMANDS.filterRuns, () => editFilter(state));
  commands.add(COMMANDS.clearRunFilter, () => state.set({ filter: '' }));
  commands.add(COMMANDS.groupRuns, async () => {
    const grouping = await choose('Group Runs by', GROUPINGS, GROUPING_WORDS, state.options.grouping);
    if (grouping !== undefined) await state.set({ grouping });
  });
  commands.add(COMMANDS.sortRuns, async () => {
    const order = await choose('Sort Runs by', ORDERS, ORDER_WORDS, state.options.order);
    if (order !== undefined) await state.set({ order });
  });
  commands.add(COMMANDS.showMoreRuns, (key) => {
    if (typeof key === 'string') tree.showMore(key);
  });
  commands.add(COMMANDS.refreshRuns, () =>
    vscode.window.withProgress({ location: { viewId: tree.id } }, () => runs.refresh()),
  );
}

async function choose<T extends string>(
  title: string,
  values: readonly T[],
  words: Record<T, string>,
  now: T,
): Promise<T | undefined> {
  const items = values.map((value) => ({
    label: words[value],
    description: value === now ? 'as it is now' : '',
    value,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.value;
}

import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { COMMANDS, VIEWS } from '../../ids';
import { type Element, fit, makeElements, type RunElement, updateElements } from './elements';
import type { RunsModel } from './model';
import { contextValue, statusIcon } from './rowItem';
import { readWholeRecord } from '../../../runs/survey/runFiles';
import type { RunSummary } from '../../../runs/survey/summary';
import { tooltipOf } from './tooltip';
import { collectView, PAGE, type RunsView } from './view';
import type { ViewState } from './viewState';
import { describeRun, formatNumber, speakRun } from './words';

/** How often (ms) rows are drawn anew for their ages alone. */
const AGES_EVERY = 60_000;

/** The rows of the run explorer. */
export class RunsTree extends Owner implements vscode.TreeDataProvider<Element> {
  readonly #changed = this.register(new vscode.EventEmitter<Element | Element[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly id = VIEWS.runs;
  readonly view: vscode.TreeView<Element>;
  readonly #limits = new Map<string, number>();
  #elements: Element[] = [];

  constructor(
    private readonly model: RunsModel,
    private readonly state: ViewState,
  ) {
    super();
    this.view = this.register(
      vscode.window.createTreeView(this.id, {
        treeDataProvider: this,
        canSelectMany: true,
        showCollapseAll: true,
      }),
    );
    this.register(model.onDidChange(() => this.update(false)));
    this.register(state.onDidChange(() => this.update(true)));
    const ages = setInterval(() => {
      if (this.view.visible) this.updateAges();
    }, AGES_EVERY);
    this.register(new vscode.Disposable(() => clearInterval(ages)));
    this.update(true);
  }

  getChildren(element?: Element): Element[] {
    if (element === undefined) return this.#elements;
    return element.kind === 'group' || element.kind === 'brokenGroup' ? [...element.children] : [];
  }

  getParent(element: Element): Element | undefined {
    return this.#elements.find((group) => this.getChildren(group).includes(element));
  }

  getTreeItem(element: Element): vscode.TreeItem {
    switch (element.kind) {
      case 'group':
        return groupItem(element, this.state.options.filter !== '');
      case 'run':
        return runItem(element);
      case 'more':
        return moreItem(element);
      case 'brokenGroup':
        return brokenGroupItem(element);
      case 'broken':
        return brokenItem(element);
    }
  }

  /** What a run's row says when the pointer rests on it: read then, since it says more than a summary holds. */
  async resolveTreeItem(item: vscode.TreeItem, element: Element): Promise<vscode.TreeItem> {
    if (element.kind !== 'run') return item;
    const record = await readWholeRecord(element.folder);
    item.tooltip = new vscode.MarkdownString(tooltipOf(element.run, record, Date.now()));
    return item;
  }

  /** Shows another page of a group. */
  showMore(key: string): void {
    this.#limits.set(key, (this.#limits.get(key) ?? PAGE) + PAGE);
    this.update(true);
  }

  private update(whole: boolean): void {
    const now = Date.now();
    const view = collectView(this.model, this.state.options, this.#limits, now);
    if (whole || !fit(this.#elements, view)) {
      this.#elements = makeElements(view);
      this.#changed.fire(undefined);
    } else {
      const changed = updateElements(this.#elements, view);
      if (changed.length > 0) this.#changed.fire(changed);
    }
    this.describe(view);
  }

  /** Draws only rows whose ages have become others: what is drawn anew is not known to VS Code for a moment. */
  private updateAges(): void {
    const now = Date.now();
    const aged = this.#elements
      .flatMap((group) => this.getChildren(group))
      .filter((row) => row.kind === 'run' && row.said !== undefined && row.said !== wordsOf(row.run, now));
    if (aged.length > 0) this.#changed.fire(aged);
  }

  private describe({ matching, total, active }: RunsView): void {
    const { filter } = this.state.options;
    this.view.description = filter === '' ? '' : filter;
    const { unread } = this.model;
    this.view.message = [
      ...(filter === '' || matching === 0 ? [] : [`${matching} of ${total} runs match the filter.`]),
      ...(unread === 0 ? [] : [`Reading ${unread} more ${unread === 1 ? 'run' : 'runs'}…`]),
    ].join(' ');
    const words = `${active} ${active === 1 ? 'run' : 'runs'} at work`;
    this.view.badge = active === 0 ? undefined : { value: active, tooltip: words };
  }
}

function groupItem(element: Extract<Element, { kind: 'group' }>, filtered: boolean): vscode.TreeItem {
  const { key, label, runs, active, bestLoss, open } = element.group;
  const state = open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
  const item = new vscode.TreeItem(label, state);
  // What a filter leaves is opened anew; what the user folded stays folded otherwise.
  item.id = filtered ? `filtered ${key}` : key;
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  const parts = [
    count,
    ...(active > 0 ? [`${active} at work`] : []),
    ...(bestLoss === undefined ? [] : [`best loss ${formatNumber(bestLoss)}`]),
  ];
  item.description = parts.join(' · ');
  item.contextValue = 'group';
  item.accessibilityInformation = { label: [label, ...parts].join(', ') };
  return item;
}

function runItem(element: RunElement): vscode.TreeItem {
  const { run, parent } = element;
  const now = Date.now();
  const item = new vscode.TreeItem(run.label, vscode.TreeItemCollapsibleState.None);
  const { icon, color } = statusIcon(run.status);
  item.id = `${parent} ${run.folder}`;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  element.said = wordsOf(run, now);
  item.description = element.said;
  item.contextValue = contextValue(run);
  item.accessibilityInformation = { label: speakRun(run, now) };
  item.command = { command: COMMANDS.showCurves, title: 'Show Curves', arguments: [element] };
  return item;
}

function wordsOf(run: RunSummary, now: number): string {
  return `${run.starred ? '★ ' : ''}${describeRun(run, now)}`;
}

function moreItem({ key, hidden, shown }: Extract<Element, { kind: 'more' }>): vscode.TreeItem {
  const item = new vscode.TreeItem(`Show ${Math.min(hidden, PAGE)} more…`);
  item.id = `more ${key} ${shown}`;
  item.description = `${hidden} not shown`;
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.command = { command: COMMANDS.showMoreRuns, title: 'Show More Runs', arguments: [key] };
  return item;
}

function brokenGroupItem({ children }: Extract<Element, { kind: 'brokenGroup' }>): vscode.TreeItem {
  const item = new vscode.TreeItem('Cannot be read', vscode.TreeItemCollapsibleState.Collapsed);
  item.id = 'broken';
  item.description = String(children.length);
  return item;
}

function brokenItem({ broken }: Extract<Element, { kind: 'broken' }>): vscode.TreeItem {
  const item = new vscode.TreeItem(broken.id);
  item.id = `broken ${broken.folder}`;
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  item.description = broken.why;
  item.tooltip = `${broken.folder}\n${broken.why}`;
  item.contextValue = 'broken';
  item.accessibilityInformation = { label: `${broken.id}, cannot be read: ${broken.why}` };
  return item;
}

import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { isRecord } from '../../../base/guards';
import { COMMANDS, VIEWS } from '../../ids';
import type { Services } from '../../services';
import { collectRows, type SetupRow } from './rows';

/** The setup view: what this machine can train with. Nothing is read before somebody looks. */
export class SetupTree extends Owner implements vscode.TreeDataProvider<SetupRow> {
  readonly #changed = this.register(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly id = VIEWS.setup;
  readonly view: vscode.TreeView<SetupRow>;
  #rows: Promise<SetupRow[]> | undefined;

  constructor(private readonly services: Services) {
    super();
    this.view = this.register(vscode.window.createTreeView(this.id, { treeDataProvider: this }));
    this.register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
    this.register(services.settings.onDidChange(() => this.refresh()));
  }

  /** Reads everything again, now if somebody looks. */
  refresh(): void {
    this.#rows = undefined;
    this.#changed.fire(undefined);
  }

  /** VS Code asks only while the view is shown. */
  async getChildren(row?: SetupRow): Promise<SetupRow[]> {
    if (row !== undefined) return [...row.children];
    // The view then says why it is empty.
    if (!vscode.workspace.isTrusted) return [];
    return (this.#rows ??= this.read());
  }

  getTreeItem(row: SetupRow): vscode.TreeItem {
    const state =
      row.children.length === 0
        ? vscode.TreeItemCollapsibleState.None
        : vscode.TreeItemCollapsibleState.Expanded;
    const item = new vscode.TreeItem(row.label, state);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new vscode.ThemeIcon(row.icon);
    item.contextValue = row.context;
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    if (row.action === 'gpuHelp') {
      item.command = { command: COMMANDS.openGpuHelp, title: 'How to Train on a GPU', arguments: [] };
    } else if (row.context === 'failed') {
      item.command = { command: COMMANDS.refreshSetup, title: 'Try Again', arguments: [] };
    }
    return item;
  }

  private async read(): Promise<SetupRow[]> {
    const { inspector, context, log } = this.services;
    try {
      const [devices, { folder, caches }] = await Promise.all([
        inspector.calls.devices(),
        inspector.calls.caches(),
      ]);
      const versions = versionsOf(context.extension.packageJSON);
      return collectRows({ devices, folder, caches, versions });
    } catch (thrown) {
      const { message } = toError(thrown);
      log.error(`setup: ${message}`);
      return [failedRow(message)];
    }
  }
}

function failedRow(message: string): SetupRow {
  return {
    id: 'failed',
    label: 'This machine cannot be looked at. Try again',
    description: message,
    tooltip: message,
    icon: 'error',
    context: 'failed',
    children: [],
  };
}

function versionsOf(manifest: unknown): { extension: string; onnxruntime: string } {
  const fields = isRecord(manifest) ? manifest : {};
  const dependencies = isRecord(fields.dependencies) ? fields.dependencies : {};
  return {
    extension: String(fields.version),
    onnxruntime: String(dependencies['onnxruntime-node']),
  };
}

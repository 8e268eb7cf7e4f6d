import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import type { CurvesList } from '../../../protocol/panels/curves';
import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { isExperimentFile } from '../../vscode/experiments';
import { listOfSource } from './list';
import type { CurvesPanel } from './panel';

/**
 * The one panel of curves: opened, followed by the active experiment, and brought back after a reload. What it is made
 * of is loaded with the first one.
 */
export class CurvesPanels extends Owner implements vscode.WebviewPanelSerializer {
  #panel: CurvesPanel | undefined;

  constructor(private readonly services: Services) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(PANELS.curves, this));
    this.register(vscode.window.onDidChangeActiveTextEditor((editor) => this.follow(editor)));
    this.register({ dispose: () => this.#panel?.dispose() });
  }

  /** What the open panel lists; undefined where none is open. */
  get list(): CurvesList | undefined {
    return this.#panel?.list;
  }

  /** Shows a list in the open panel, or in a new one beside the editor. */
  async show(list: CurvesList): Promise<void> {
    const { CurvesPanel: Panel } = await import('./panel');
    if (this.#panel === undefined) {
      this.adopt(Panel.open(this.services, list));
      return;
    }
    // What is asked for by name comes, also where the panel is pinned: the pin holds against following alone.
    const same = list.source !== undefined && list.source === this.#panel.list.source;
    if (!same) this.#panel.list = list;
    this.#panel.reveal();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { CurvesPanel: Panel } = await import('./panel');
    this.#panel?.dispose();
    this.adopt(Panel.restore(this.services, panel, state));
  }

  private adopt(panel: CurvesPanel): void {
    this.#panel = panel;
    panel.onDidClose(() => {
      if (this.#panel === panel) this.#panel = undefined;
    });
  }

  private follow(editor: vscode.TextEditor | undefined): void {
    const file = editor?.document.uri.fsPath;
    if (this.#panel === undefined || file === undefined || !isExperimentFile(file)) return;
    const { pinned, source } = this.#panel.list;
    if (!pinned && source !== file) this.#panel.list = listOfSource(file);
  }
}

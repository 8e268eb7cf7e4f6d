import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { decodeSavedCurves, type CurvesList } from '../../../protocol/panels/curves';
import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { isExperimentFile } from '../../vscode/experiments';
import { EMPTY_LIST, listOfSource } from './list';
import { CurvesPanel } from './panel';

/** The one panel of curves: opened, followed by the active experiment, and brought back after a reload. */
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
  show(list: CurvesList): void {
    if (this.#panel === undefined) {
      this.adopt(CurvesPanel.open(this.services, list));
      return;
    }
    // What is asked for by name comes, also where the panel is pinned: the pin holds against following alone.
    const same = list.source !== undefined && list.source === this.#panel.list.source;
    if (!same) this.#panel.list = list;
    this.#panel.reveal();
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    this.#panel?.dispose();
    this.adopt(new CurvesPanel(this.services, panel, decodeSavedCurves(state)?.list ?? EMPTY_LIST));
    return Promise.resolve();
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

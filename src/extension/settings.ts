import * as path from 'node:path';
import * as vscode from 'vscode';
import { SECTION, SETTINGS } from './ids';

/** The user's settings, read when asked for. */
export class Settings {
  /** Where the runs of a workspace folder lie, absolute. */
  runsFolder(folder: vscode.WorkspaceFolder): string {
    const set = this.text(SETTINGS.runsFolder, folder.uri);
    return path.resolve(folder.uri.fsPath, set === '' ? 'runs' : set);
  }

  /** The cache folder that is set; undefined where the usual one is meant. */
  cacheFolder(): string | undefined {
    const set = this.text(SETTINGS.cacheFolder);
    return set === '' ? undefined : set;
  }

  showCurvesOnRun(): boolean {
    return this.flag(SETTINGS.showCurvesOnRun);
  }

  codeLens(): boolean {
    return this.flag(SETTINGS.codeLens);
  }

  inlineSpectra(): boolean {
    return this.flag(SETTINGS.inlineSpectra);
  }

  /** When to tell how a run ended. */
  notifications(): 'all' | 'failures' | 'none' {
    const set = this.text(SETTINGS.notifications);
    return set === 'failures' || set === 'none' ? set : 'all';
  }

  /** Calls back when a setting of ours has changed. */
  onDidChange(changed: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) changed();
    });
  }

  private text(key: string, scope?: vscode.Uri): string {
    const value: unknown = vscode.workspace.getConfiguration(SECTION, scope).get(key);
    return typeof value === 'string' ? value.trim() : '';
  }

  private flag(key: string): boolean {
    const value: unknown = vscode.workspace.getConfiguration(SECTION).get(key);
    return value !== false;
  }
}

import * as vscode from 'vscode';
import { disposable, type Disposable } from '../../base/disposable';
import { webviewOptions, webviewPage } from './webviewPage';

/** A new panel beside the editor, which does not take the focus. */
export function panelBeside(type: string, title: string, extension: vscode.Uri): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(
    type,
    title,
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    webviewOptions(extension),
  );
}

/**
 * Loads the page `name` into a panel, once whoever answers it is there; `closed` is called when the panel is closed by
 * the user. Disposing of the result closes it.
 */
export function shownPage(
  panel: vscode.WebviewPanel,
  extension: vscode.Uri,
  name: string,
  title: string,
  closed: () => void,
): Disposable {
  // One that VS Code brings back has none of these.
  panel.webview.options = webviewOptions(extension);
  panel.iconPath = panelIcon(extension);
  const closing = panel.onDidDispose(closed);
  panel.webview.html = webviewPage(panel.webview, extension, name, title);
  return disposable(() => {
    closing.dispose();
    panel.dispose();
  });
}

/** The icon on a panel's tab. A picture there knows no theme's colours, so that it comes in two. */
function panelIcon(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extension, 'media', `icon-${theme}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}

import * as vscode from 'vscode';
import { disposable, type Disposable } from '../../base/disposable';
import { PANELS } from '../ids';
import { webviewOptions, webviewPage } from './webviewPage';

/** How VS Code names the type of a webview on a tab: with a beginning of its own. */
const isOurs = ({ input }: vscode.Tab): boolean =>
  input instanceof vscode.TabInputWebview &&
  Object.values(PANELS).some((type) => input.viewType.endsWith(type));

/**
 * A new panel, which does not take the focus: in front of our others where these stand beside the editor or are what is
 * looked at, else beside the editor. Beside one of ours there would be no room for either.
 */
export function panelBeside(type: string, title: string, extension: vscode.Uri): vscode.WebviewPanel {
  const column = vscode.window.tabGroups.all.find(({ isActive, activeTab, tabs }) =>
    isActive ? activeTab !== undefined && isOurs(activeTab) : tabs.some(isOurs),
  )?.viewColumn;
  return vscode.window.createWebviewPanel(
    type,
    title,
    { viewColumn: column ?? vscode.ViewColumn.Beside, preserveFocus: true },
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
  const opening = sayOpening(panel, title);
  const closing = panel.onDidDispose(closed);
  panel.webview.html = webviewPage(panel.webview, extension, name, title);
  return disposable(() => {
    opening.dispose();
    closing.dispose();
    panel.dispose();
  });
}

/**
 * Says in the status bar that a panel is opening, until its page speaks: VS Code takes seconds for the first page of a
 * window, and shows nothing meanwhile. One that is behind others opens when it is looked at.
 */
function sayOpening(panel: vscode.WebviewPanel, title: string): Disposable {
  if (!panel.visible) return disposable(() => undefined);
  const ends = [
    vscode.window.setStatusBarMessage(`$(loading~spin) Opening ${title}…`),
    panel.webview.onDidReceiveMessage(end),
    panel.onDidChangeViewState(() => {
      if (!panel.visible) end();
    }),
    panel.onDidDispose(end),
  ];
  function end(): void {
    for (const one of ends) one.dispose();
  }
  return disposable(end);
}

/** The icon on a panel's tab. A picture there knows no theme's colours, so that it comes in two. */
function panelIcon(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extension, 'media', `icon-${theme}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}

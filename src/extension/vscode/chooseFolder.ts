import * as vscode from 'vscode';

/** Asks for one folder; undefined where the user changes their mind. */
export async function chooseFolder(
  options: Pick<vscode.OpenDialogOptions, 'title' | 'openLabel' | 'defaultUri'>,
): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    ...options,
    canSelectFiles: false,
    canSelectFolders: true,
  });
  return chosen?.[0];
}

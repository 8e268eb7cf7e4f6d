import * as path from 'node:path';
import * as vscode from 'vscode';

/**
 * The folder that a file lies in, as it is shown beside the file's name: relative to the workspace, with the name of
 * the workspace folder where there are several, and empty where that would say nothing.
 */
export function shownFolder(file: string): string {
  const folder = path.dirname(vscode.workspace.asRelativePath(file));
  return folder === '.' ? '' : folder;
}

import * as vscode from 'vscode';
import { EXPERIMENT_GLOB } from '../ids';

/** What is no place for experiments: packages, and run folders, each of which holds a copy of one. */
const ELSEWHERE =
  '{**/node_modules/**,**/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]-*/**}';

/** The experiment files of the workspace, by path. */
export async function findExperiments(token?: vscode.CancellationToken): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(EXPERIMENT_GLOB, ELSEWHERE, undefined, token);
  return found.filter(({ scheme }) => scheme === 'file').sort((a, b) => (a.fsPath < b.fsPath ? -1 : 1));
}

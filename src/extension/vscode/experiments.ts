import * as vscode from 'vscode';
import { EXPERIMENT_GLOB } from '../ids';

/** The documents that are experiments. Their language stays YAML, so that its colours and folding are kept. */
export const EXPERIMENTS: vscode.DocumentFilter = {
  language: 'yaml',
  scheme: 'file',
  pattern: EXPERIMENT_GLOB,
};

export function isExperiment(document: vscode.TextDocument): boolean {
  return vscode.languages.match(EXPERIMENTS, document) > 0;
}

/** Does something once, as soon as an experiment is open. */
export function whenExperimentOpens(act: () => void): vscode.Disposable {
  if (vscode.workspace.textDocuments.some(isExperiment)) {
    act();
    return new vscode.Disposable(() => undefined);
  }
  const listening = vscode.workspace.onDidOpenTextDocument((document) => {
    if (!isExperiment(document)) return;
    listening.dispose();
    act();
  });
  return listening;
}

/** Whether a file is an experiment by its name. */
export function isExperimentFile(path: string): boolean {
  return /\.tune\.ya?ml$/u.test(path);
}

/** What is no place for experiments: packages, and run folders, each of which holds a copy of one. */
const ELSEWHERE =
  '{**/node_modules/**,**/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]-*/**}';

/** The experiment files of the workspace, by path. */
export async function findExperiments(token?: vscode.CancellationToken): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(EXPERIMENT_GLOB, ELSEWHERE, undefined, token);
  return found.filter(({ scheme }) => scheme === 'file').sort((a, b) => (a.fsPath < b.fsPath ? -1 : 1));
}

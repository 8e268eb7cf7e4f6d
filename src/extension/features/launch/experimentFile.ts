import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import type { Settings } from '../../settings';
import { findExperiments, isExperimentFile } from '../../vscode/experiments';
import { shownFolder } from '../../vscode/shownFolder';

/**
 * The experiment that a command is about: the file it was called with, that of the active editor, or one that the
 * user picks; undefined where they changed their mind. Throws `InputError` where there is none.
 */
export async function experimentFile(
  args: readonly unknown[],
  title: string,
): Promise<vscode.Uri | undefined> {
  const [named] = args;
  if (named instanceof vscode.Uri) return named;
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active?.scheme === 'file' && isExperimentFile(active.fsPath)) return active;
  const files = await findExperiments();
  if (files.length === 0) {
    throw new InputError({
      what: 'there is no experiment here yet',
      expected: 'a file whose name ends in .tune.yaml',
      remedy: 'Make one by “Eigenloom: New Experiment”, or open the sample.',
    });
  }
  const items = files.map((uri) => ({
    label: path.basename(uri.fsPath),
    description: shownFolder(uri.fsPath),
    uri,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Which experiment?',
    matchOnDescription: true,
  });
  return picked?.uri;
}

/** Saves the file where it is open and changed: what runs is what lies on the disk. False where it could not be saved. */
export async function saveIfDirty(file: vscode.Uri): Promise<boolean> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  return open === undefined || !open.isDirty || (await open.save());
}

/** Where the runs of an experiment file go: the folder of its workspace folder, else `runs` beside the file. */
export function runsFolderOf(file: vscode.Uri, settings: Settings): string {
  const folder = vscode.workspace.getWorkspaceFolder(file);
  return folder === undefined ? path.join(path.dirname(file.fsPath), 'runs') : settings.runsFolder(folder);
}

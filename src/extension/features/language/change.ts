import * as vscode from 'vscode';
import { RunError } from '../../../base/errors';
import { type KeyChange, setKeys } from './setKeys';

/** Gives keys of an experiment file other values: one edit in the editor, to be undone or saved there. */
export async function changeExperiment(file: string, changes: readonly KeyChange[]): Promise<void> {
  const document = await vscode.workspace.openTextDocument(file);
  const edit = setKeys(document.getText(), file, changes);
  if (edit === undefined) return;
  const range = new vscode.Range(document.positionAt(edit.start), document.positionAt(edit.end));
  const change = new vscode.WorkspaceEdit();
  change.replace(document.uri, range, edit.text);
  if (await vscode.workspace.applyEdit(change)) return;
  throw new RunError({
    what: 'the editor did not take the change',
    file,
    remedy: 'Try again, or write it into the file by hand.',
  });
}

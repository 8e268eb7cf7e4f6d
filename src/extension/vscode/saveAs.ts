import * as path from 'node:path';
import * as vscode from 'vscode';
import { writeFileAtomic } from '../../runs/files';

/** Forms that a panel can be saved in. */
const FORMS = { svg: 'SVG picture', png: 'PNG picture', csv: 'CSV table' } as const;
export type SaveForm = keyof typeof FORMS;

export interface SaveOptions {
  readonly form: SaveForm;
  /** What is saved, in the plural, e.g. `curves`. */
  readonly what: string;
  readonly folder: vscode.Uri | undefined;
  /** The file's name that is offered, without the form. */
  readonly name: string;
}

/**
 * Asks where to save, and writes there, whole or not at all; false where the user changed their mind. The content is
 * made once the place is known.
 */
export async function saveAs(
  { form, what, folder, name }: SaveOptions,
  content: () => Promise<string | Uint8Array>,
): Promise<boolean> {
  const file = `${name}.${form}`;
  const target = await vscode.window.showSaveDialog({
    title: `Save ${what.charAt(0).toUpperCase()}${what.slice(1)} as ${form.toUpperCase()}`,
    filters: { [FORMS[form]]: [form] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, file) }),
  });
  if (target === undefined) return false;
  const bytes = await content();
  if (target.scheme === 'file') writeFileAtomic(target.fsPath, bytes);
  else await vscode.workspace.fs.writeFile(target, Buffer.from(bytes));
  void offerToOpen(form, what, target);
  return true;
}

async function offerToOpen(form: SaveForm, what: string, target: vscode.Uri): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(
    `The ${what} are saved as ${path.basename(target.path)}.`,
    'Open',
  );
  if (chosen === undefined) return;
  if (form === 'png') await vscode.commands.executeCommand('vscode.open', target);
  else await vscode.window.showTextDocument(target);
}

import * as vscode from 'vscode';
import type { ErrorFacts } from '../../base/errors';

/** A place in a file, as errors name it: lines and columns from 1. */
type Place = Pick<ErrorFacts, 'file' | 'line' | 'column'>;

/** Opens a place beside the panel, where text stands already; nothing where no place is named. */
export async function openPlace({ file, line, column }: Place = {}): Promise<void> {
  if (file === undefined || line === undefined) return;
  const start = new vscode.Position(line - 1, (column ?? 1) - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    viewColumn: vscode.ViewColumn.One,
    selection: new vscode.Range(start, start),
  });
}

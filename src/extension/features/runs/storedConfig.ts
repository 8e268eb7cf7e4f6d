import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { runPaths } from '../../../runs/folder';

/** The scheme of documents that show a run's copy of its config: they cannot be edited. */
const SCHEME = 'eigenloom-run';

/** The document with the copy of the config that a run holds. Its name does not end as an experiment's does: it is none. */
export function storedConfigUri(folder: string): vscode.Uri {
  const file = vscode.Uri.file(path.join(folder, `${path.basename(folder)}.yaml`));
  return file.with({ scheme: SCHEME });
}

/** Registers what reads those documents. */
export function registerStoredConfig(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: async (uri) => {
      const folder = path.dirname(uri.with({ scheme: 'file' }).fsPath);
      return fs.readFile(runPaths(folder).config, 'utf8');
    },
  });
}

import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { InputError } from '../../../base/errors';
import { errorCode } from '../../../runs/files';
import { runPaths } from '../../../runs/folder';

/** Opens the logs of runs at their end, and keeps the end in view while a trainer adds to them. */
export class LogFollower extends Owner {
  /** How many lines each followed log had. */
  readonly #lines = new Map<vscode.TextDocument, number>();

  constructor() {
    super();
    this.register(vscode.workspace.onDidChangeTextDocument(({ document }) => this.follow(document)));
    this.register(vscode.workspace.onDidCloseTextDocument((document) => this.#lines.delete(document)));
  }

  async open(folder: string): Promise<void> {
    const { log } = runPaths(folder);
    await requireLog(log);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(log));
    reveal(await vscode.window.showTextDocument(document, { preview: true }));
    this.#lines.set(document, document.lineCount);
  }

  private follow(document: vscode.TextDocument): void {
    const before = this.#lines.get(document);
    if (before === undefined) return;
    // Who has scrolled up reads on in peace.
    for (const shown of vscode.window.visibleTextEditors) {
      const last = shown.visibleRanges.at(-1)?.end.line ?? 0;
      if (shown.document === document && last >= before - 2) reveal(shown);
    }
    this.#lines.set(document, document.lineCount);
  }
}

function reveal(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
  editor.revealRange(new vscode.Range(end, end));
}

async function requireLog(file: string): Promise<void> {
  try {
    await fs.access(file);
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') throw thrown;
    throw new InputError({
      what: 'this run has no log',
      file,
      remedy: 'It gets one when its trainer starts.',
    });
  }
}

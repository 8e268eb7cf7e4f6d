import * as vscode from 'vscode';
import { type Analysis, analyse } from './analysis';
import type { Span } from './entries';

/** Reads each version of a document once, whoever asks for it. */
export class Documents {
  readonly #read = new WeakMap<
    vscode.TextDocument,
    { readonly version: number; readonly analysis: Analysis }
  >();

  get(document: vscode.TextDocument): Analysis {
    const known = this.#read.get(document);
    if (known?.version === document.version) return known.analysis;
    const analysis = analyse(document.getText(), document.uri.fsPath);
    this.#read.set(document, { version: document.version, analysis });
    return analysis;
  }
}

/** A span of a document's text as a range. */
export function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

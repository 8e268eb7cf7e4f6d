import * as vscode from 'vscode';
import type { Diagnostics } from './diagnostics';
import { type Documents, rangeOf } from './documents';
import { type Fix, fixesFor } from './fixes';

/** Quick fixes for what the diagnostics show. */
export class CodeActionProvider implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix];

  constructor(
    private readonly documents: Documents,
    private readonly diagnostics: Diagnostics,
  ) {}

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const analysis = this.documents.get(document);
    return this.diagnostics.problemsOf(document).flatMap((problem) => {
      const place = rangeOf(document, problem.span);
      if (place.intersection(range) === undefined) return [];
      const about = context.diagnostics.filter(
        ({ code, range: shown, source }) =>
          source === 'eigenloom' && code === problem.code && shown.isEqual(place),
      );
      return fixesFor(problem, analysis).map((fix) => actionOf(fix, document, about));
    });
  }
}

function actionOf(
  { title, edits, preferred }: Fix,
  document: vscode.TextDocument,
  diagnostics: vscode.Diagnostic[],
): vscode.CodeAction {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(
    document.uri,
    edits.map(({ start, end, text, snippet }): [vscode.TextEdit | vscode.SnippetTextEdit, undefined] => {
      const range = rangeOf(document, { start, end });
      return [snippet === true ? snippetEdit(range, text) : vscode.TextEdit.replace(range, text), undefined];
    }),
  );
  action.diagnostics = diagnostics;
  action.isPreferred = preferred === true;
  return action;
}

/** The lines of a fix are indented as they are to stand: VS Code would indent them once more. */
function snippetEdit(range: vscode.Range, text: string): vscode.SnippetTextEdit {
  const edit = new vscode.SnippetTextEdit(range, new vscode.SnippetString(text));
  edit.keepWhitespace = true;
  return edit;
}

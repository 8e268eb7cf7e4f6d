import * as vscode from 'vscode';
import { type Documents, rangeOf } from './documents';
import type { CompletionWorld } from './suggest/complete';
import { completeAt } from './suggest/complete';
import type { Suggestion } from './suggest/suggestion';

/** What brings suggestions up beside letters: after a colon and space, in braces, brackets, quotes and paths. */
export const TRIGGERS = [' ', ':', '{', '[', ',', '/', '"', "'", '-'] as const;

const KINDS: Readonly<Record<Suggestion['kind'], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  section: vscode.CompletionItemKind.Module,
  value: vscode.CompletionItemKind.EnumMember,
  file: vscode.CompletionItemKind.File,
  folder: vscode.CompletionItemKind.Folder,
  column: vscode.CompletionItemKind.Field,
  module: vscode.CompletionItemKind.Value,
  snippet: vscode.CompletionItemKind.Snippet,
};

/** Completion of keys, values, paths, columns and modules. */
export class CompletionProvider implements vscode.CompletionItemProvider {
  constructor(
    private readonly documents: Documents,
    private readonly world: CompletionWorld,
  ) {}

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.CompletionItem[]> {
    const offset = document.offsetAt(position);
    const found = await completeAt(this.documents.get(document), offset, this.world);
    if (found === undefined || token.isCancellationRequested) return [];
    const replacing = rangeOf(document, found.span);
    const range = { inserting: replacing.with(undefined, position), replacing };
    return found.suggestions.map((suggestion, i) => itemOf(suggestion, range, i));
  }
}

function itemOf(
  suggestion: Suggestion,
  range: { readonly inserting: vscode.Range; readonly replacing: vscode.Range },
  order: number,
): vscode.CompletionItem {
  const { label, kind, detail, documentation, insert, snippet, preselect, next } = suggestion;
  const item = new vscode.CompletionItem(label, KINDS[kind]);
  if (detail !== undefined) item.detail = detail;
  if (documentation !== undefined) item.documentation = new vscode.MarkdownString(documentation);
  item.insertText = snippet === true ? new vscode.SnippetString(insert) : insert;
  item.sortText = String(order).padStart(4, '0');
  item.range = range;
  if (preselect === true) item.preselect = true;
  if (next === true) item.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' };
  return item;
}

import * as vscode from 'vscode';
import type { World } from './checks';
import { type Documents, rangeOf } from './documents';
import { hoverAt } from './hover';

/** What keys mean, and what the model and the data are. */
export class HoverProvider implements vscode.HoverProvider {
  constructor(
    private readonly documents: Documents,
    private readonly world: World,
  ) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const found = await hoverAt(this.documents.get(document), document.offsetAt(position), this.world);
    if (found === undefined) return undefined;
    // What comes from files is shown as text: it is not trusted, and makes no links.
    const parts = found.parts.map((part) => new vscode.MarkdownString(part));
    return new vscode.Hover(parts, rangeOf(document, found.span));
  }
}

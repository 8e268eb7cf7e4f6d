import { join } from 'node:path';
import * as vscode from 'vscode';
import { type Documents, rangeOf } from './documents';
import type { Files } from './files';
import { namedPaths } from './named';
import { foldsOf, type OutlineItem, outlineOf } from './outline';

const KINDS: Readonly<Record<OutlineItem['kind'], vscode.SymbolKind>> = {
  section: vscode.SymbolKind.Module,
  list: vscode.SymbolKind.Array,
  scalar: vscode.SymbolKind.Property,
};

/** Sections and keys in the outline. */
export class OutlineProvider implements vscode.DocumentSymbolProvider {
  constructor(private readonly documents: Documents) {}

  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    const symbolOf = ({ name, detail, kind, whole, key, children }: OutlineItem): vscode.DocumentSymbol => {
      const symbol = new vscode.DocumentSymbol(
        name,
        detail,
        KINDS[kind],
        rangeOf(document, whole),
        rangeOf(document, key),
      );
      symbol.children = children.map(symbolOf);
      return symbol;
    };
    return outlineOf(this.documents.get(document)).map(symbolOf);
  }
}

/** Sections and blocks of comments fold away. */
export class FoldingProvider implements vscode.FoldingRangeProvider {
  constructor(private readonly documents: Documents) {}

  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] {
    return foldsOf(this.documents.get(document)).map(
      ({ start, end, comment }) =>
        new vscode.FoldingRange(start, end, comment ? vscode.FoldingRangeKind.Comment : undefined),
    );
  }
}

/** Links to the files that an experiment names: the data, a model's config. */
export class LinkProvider implements vscode.DocumentLinkProvider {
  constructor(
    private readonly documents: Documents,
    private readonly files: Files,
  ) {}

  async provideDocumentLinks(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
    const links = await Promise.all(
      namedPaths(this.documents.get(document)).map(async ({ absolute, span, kind }) => {
        const found = await this.files.kind(absolute);
        if (found === 'none') return [];
        // An editor opens no folder: what stands for it is the file that says what it is.
        const file =
          found === 'file'
            ? absolute
            : join(absolute, kind === 'adapter' ? 'adapter_config.json' : 'config.json');
        if (found === 'folder' && (await this.files.kind(file)) !== 'file') return [];
        const link = new vscode.DocumentLink(rangeOf(document, span), vscode.Uri.file(file));
        link.tooltip = `Open ${file}`;
        return [link];
      }),
    );
    return links.flat();
  }
}

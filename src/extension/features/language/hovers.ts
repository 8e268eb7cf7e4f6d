import * as vscode from 'vscode';
import { COMMANDS } from '../../ids';
import { spectraPlace } from '../inline/hoverPlace';
import type { Outlook } from '../inline/outlook';
import { spectrumSection } from '../inline/spectrumHover';
import { COLOURS, type ThemeKind } from '../inline/themeColours';
import type { World } from './checks';
import { type Documents, rangeOf } from './documents';
import { hoverAt } from './hover';

/** What keys mean, what the model and the data are, and what the spectra say of ranks and modules. */
export class HoverProvider implements vscode.HoverProvider {
  constructor(
    private readonly documents: Documents,
    private readonly world: World,
    /** What is known of an experiment's ranks; undefined where spectra are not shown. */
    private readonly outlookOf: (document: vscode.TextDocument) => Outlook | undefined,
  ) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const analysis = this.documents.get(document);
    const offset = document.offsetAt(position);
    const found = await hoverAt(analysis, offset, this.world);
    // What comes from files is shown as text: it is not trusted, and makes no links.
    const parts = found?.parts.map((part) => new vscode.MarkdownString(part)) ?? [];
    const outlook = this.outlookOf(document);
    const place = outlook && spectraPlace(analysis.entries, offset, outlook.layers);
    if (outlook !== undefined && place !== undefined) {
      parts.push(trusted(spectrumSection(outlook, place.layers, COLOURS[themeKind()], links(document))));
    }
    const span = place?.span ?? found?.span;
    return span === undefined ? undefined : new vscode.Hover(parts, rangeOf(document, span));
  }
}

/** Only the two commands of the section may be called by its links. */
function trusted(section: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(section);
  markdown.isTrusted = { enabledCommands: [COMMANDS.showSpectra, COMMANDS.showRanks] };
  return markdown;
}

function links({ uri }: vscode.TextDocument): { readonly spectra: string; readonly ranks: string } {
  const args = encodeURIComponent(JSON.stringify([uri]));
  return {
    spectra: `command:${COMMANDS.showSpectra}?${args}`,
    ranks: `command:${COMMANDS.showRanks}?${args}`,
  };
}

function themeKind(): ThemeKind {
  switch (vscode.window.activeColorTheme.kind) {
    case vscode.ColorThemeKind.Light:
      return 'light';
    case vscode.ColorThemeKind.HighContrast:
      return 'high-contrast';
    case vscode.ColorThemeKind.HighContrastLight:
      return 'high-contrast-light';
    case vscode.ColorThemeKind.Dark:
      return 'dark';
  }
}

import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import { COMMANDS, PANELS } from '../../ids';
import type { Services } from '../../services';
import { isExperiment } from '../../vscode/experiments';
import type { TokensPanel } from './panel';

/**
 * The token preview: rows of an experiment as the tokens that a run would learn from. What the panel is made of is
 * loaded with the first one.
 */
export function registerTokens(services: Services): vscode.Disposable {
  let panel: TokensPanel | undefined;
  const keep = (opened: TokensPanel): TokensPanel => {
    panel = opened;
    opened.onDidClose(() => {
      if (panel === opened) panel = undefined;
    });
    return opened;
  };
  services.commands.add(COMMANDS.previewTokens, async (target) => {
    const document = await experimentOf(target);
    const { TokensPanel: Panel } = await import('./panel');
    if (panel === undefined) keep(Panel.open(services)).follow(document);
    else {
      panel.follow(document);
      panel.reveal();
    }
  });
  return vscode.Disposable.from(
    vscode.window.registerWebviewPanelSerializer(PANELS.tokens, {
      deserializeWebviewPanel: async (restored, state: unknown) => {
        const [{ TokensPanel: Panel }, { decodeSavedTokens }] = await Promise.all([
          import('./panel'),
          import('../../../protocol/panels/tokens'),
        ]);
        const saved = decodeSavedTokens(state);
        if (saved === undefined || panel !== undefined) {
          restored.dispose();
          return;
        }
        const opened = keep(new Panel(services, restored));
        try {
          opened.follow(await vscode.workspace.openTextDocument(saved.file), saved.from);
        } catch (thrown) {
          // The experiment is gone: a panel about nothing helps nobody.
          services.log.info(`tokens: ${String(thrown)}`);
          opened.dispose();
        }
      },
    }),
    // As a preview does: it shows the experiment that one looks at.
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      if (editor !== undefined && isExperiment(editor.document)) panel?.follow(editor.document);
    }),
    new vscode.Disposable(() => panel?.dispose()),
  );
}

/** The experiment that a command is about: a file, or the one in the active editor. */
async function experimentOf(target: unknown): Promise<vscode.TextDocument> {
  const document =
    target instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(target)
      : vscode.window.activeTextEditor?.document;
  if (document !== undefined && isExperiment(document)) return document;
  throw new InputError({
    what: 'there is no experiment to preview',
    expected: 'a *.tune.yaml file',
    remedy: 'Open one, and try again.',
  });
}

import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { tokensHostApi, tokensPanelApi } from '../../../protocol/panels/tokens';
import { type Calls, connect } from '../../../protocol/rpc';
import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { openPlace } from '../../vscode/openPlace';
import { panelBeside, shownPage } from '../../vscode/shownPage';
import { webviewChannel } from '../../vscode/webviewPage';
import { TokensSession } from './session';

/** The panel of tokens: a page, and the session that follows the experiment's text. */
export class TokensPanel extends Owner {
  readonly #session: TokensSession;

  /** Opens the panel beside the editor, without taking the focus. */
  static open(services: Services): TokensPanel {
    const panel = panelBeside(PANELS.tokens, 'Tokens', services.context.extensionUri);
    return new TokensPanel(services, panel);
  }

  constructor(
    services: Services,
    private readonly panel: vscode.WebviewPanel,
  ) {
    super();
    const { webview } = panel;
    const { log, inspector, context } = services;
    this.#session = this.register(
      new TokensSession({
        ask: (file, text, from, count) => inspector.calls.preview(file, text, from, count),
        post: (view) => {
          peer.calls.show(view).catch((error: unknown) => {
            // A page that was hidden meanwhile answers no more; it asks for everything when it is back.
            log.trace(`tokens: ${toError(error).message}`);
          });
        },
        onFault: (error) => log.error(`tokens: ${error.stack ?? error.message}`),
      }),
    );
    this.#session.visible = panel.visible;
    const peer = this.register(
      connect(tokensHostApi, this.handlers(), tokensPanelApi, webviewChannel(webview), {
        onError: (error, method) => log.error(`tokens: ${method}: ${error.stack ?? error.message}`),
      }),
    );
    this.register(
      panel.onDidChangeViewState(() => {
        this.#session.visible = panel.visible;
      }),
    );
    this.register(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.fsPath === this.#session.source?.file) this.follow(document);
      }),
    );
    this.register(shownPage(panel, context.extensionUri, 'tokens', 'Tokens', () => this.dispose()));
  }

  /** Shows the tokens of an experiment as its text is now. */
  follow(document: vscode.TextDocument, from?: number): void {
    this.#session.show({ file: document.uri.fsPath, text: document.getText() }, from);
    this.panel.title = `Tokens: ${this.#session.view.name.replace(/\.tune\.ya?ml$/u, '')}`;
  }

  /** Calls back when the panel is closed. */
  onDidClose(closed: () => void): vscode.Disposable {
    return this.panel.onDidDispose(closed);
  }

  /** Brings the panel to the front, where it is. */
  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  private handlers(): Calls<typeof tokensHostApi> {
    return {
      ready: () => Promise.resolve(this.#session.view),
      goTo: (from) => {
        this.#session.goTo(from);
        return Promise.resolve();
      },
      openProblem: () => openPlace(this.#session.problem),
      openRow: async (row) => {
        const place = this.#session.placeOf(row);
        if (place !== undefined) await openPlace(place);
      },
    };
  }
}

import * as vscode from 'vscode';
import { Owner, disposable } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { ranksHostApi, ranksPanelApi } from '../../../protocol/panels/ranks';
import { type Calls, connect } from '../../../protocol/rpc';
import { showError } from '../../commands';
import type { FollowedSubject } from '../../follower';
import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { openPlace } from '../../vscode/openPlace';
import { shortName, type SubjectPanel } from '../../vscode/subjectPanels';
import { panelIcon, webviewChannel, webviewOptions, webviewPage } from '../../vscode/webviewPage';
import { changeExperiment } from '../language/change';
import { RanksSession } from './session';
import type { RanksSource } from './source';

/** The board of ranks: a page, and the session that feeds it. */
export class RanksPanel extends Owner implements SubjectPanel {
  readonly #session: RanksSession;

  /** Opens the panel beside the editor, without taking the focus. */
  static open(services: Services, source: RanksSource): RanksPanel {
    const panel = vscode.window.createWebviewPanel(
      PANELS.ranks,
      'Ranks',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      webviewOptions(services.context.extensionUri),
    );
    return new RanksPanel(services, source, panel);
  }

  constructor(
    { context, log }: Services,
    source: RanksSource,
    private readonly panel: vscode.WebviewPanel,
  ) {
    super();
    const { webview } = panel;
    webview.options = webviewOptions(context.extensionUri);
    panel.iconPath = panelIcon(context.extensionUri);
    this.#session = this.register(
      new RanksSession({
        source,
        trusted: vscode.workspace.isTrusted,
        post: (view) => {
          peer.calls.show(view).catch((error: unknown) => {
            // A page that was hidden meanwhile answers no more; it asks for everything when it is back.
            log.trace(`ranks: ${toError(error).message}`);
          });
        },
        onFault: (error) => log.error(`ranks: ${error.stack ?? error.message}`),
      }),
    );
    this.#session.visible = panel.visible;
    const peer = this.register(
      connect(ranksHostApi, this.handlers(), ranksPanelApi, webviewChannel(webview), {
        onError: (error, method) => {
          log.debug(`ranks: ${method}: ${error.stack ?? error.message}`);
          // What keeps a plan from being made stands on the page.
          if (method !== 'ready' && method !== 'plan') void showError(error, log);
        },
      }),
    );
    this.register(
      panel.onDidChangeViewState(() => {
        this.#session.visible = panel.visible;
      }),
    );
    this.register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#session.trust()));
    const closed = panel.onDidDispose(() => this.dispose());
    this.register(
      disposable(() => {
        closed.dispose();
        panel.dispose();
      }),
    );
    webview.html = webviewPage(webview, context.extensionUri, 'ranks', 'Ranks');
  }

  get subject(): FollowedSubject | undefined {
    return this.#session.subject;
  }

  follow(subject: FollowedSubject): void {
    this.#session.show(subject);
    this.panel.title = `Ranks: ${shortName(subject)}`;
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  onDidClose(closed: () => void): vscode.Disposable {
    return this.panel.onDidDispose(closed);
  }

  private handlers(): Calls<typeof ranksHostApi> {
    const session = this.#session;
    return {
      ready: () => Promise.resolve(session.view),
      plan: async (request) => Promise.resolve(session.plan(request)),
      apply: async (request) => {
        const { subject } = session;
        if (subject?.kind === 'experiment') await changeExperiment(subject.path, session.changes(request));
      },
      retry: () => {
        session.retry();
        return Promise.resolve();
      },
      cancel: () => {
        session.cancel();
        return Promise.resolve();
      },
      trust: async () => {
        await vscode.commands.executeCommand('workbench.trust.manage');
      },
      openProblem: () => openPlace(session.problem),
    };
  }
}

import * as path from 'node:path';
import * as vscode from 'vscode';
import { Owner, disposable } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { spectraHostApi, spectraPanelApi } from '../../../protocol/panels/spectra';
import { type Calls, connect } from '../../../protocol/rpc';
import { showError } from '../../commands';
import type { FollowedSubject } from '../../follower';
import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { openPlace } from '../../vscode/openPlace';
import { saveAs, type SaveForm } from '../../vscode/saveAs';
import { shortName, type SubjectPanel } from '../../vscode/subjectPanels';
import { panelIcon, webviewChannel, webviewOptions, webviewPage } from '../../vscode/webviewPage';
import { changeExperiment } from '../language/change';
import { spectraCsv } from './csv';
import { SpectraSession } from './session';
import type { SpectraSource } from './source';

/** The panel of spectra: a page, and the session that feeds it. */
export class SpectraPanel extends Owner implements SubjectPanel {
  readonly #session: SpectraSession;

  /** Opens the panel beside the editor, without taking the focus. */
  static open(services: Services, source: SpectraSource): SpectraPanel {
    const panel = vscode.window.createWebviewPanel(
      PANELS.spectra,
      'Spectra',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      webviewOptions(services.context.extensionUri),
    );
    return new SpectraPanel(services, source, panel);
  }

  constructor(
    { context, log }: Services,
    source: SpectraSource,
    private readonly panel: vscode.WebviewPanel,
  ) {
    super();
    const { webview } = panel;
    webview.options = webviewOptions(context.extensionUri);
    panel.iconPath = panelIcon(context.extensionUri);
    this.#session = this.register(
      new SpectraSession({
        source,
        trusted: vscode.workspace.isTrusted,
        post: (patch) => {
          peer.calls.patch(patch).catch((error: unknown) => {
            // A page that was hidden meanwhile answers no more; it asks for everything when it is back.
            log.trace(`spectra: ${toError(error).message}`);
          });
        },
        onFault: (error) => log.error(`spectra: ${error.stack ?? error.message}`),
      }),
    );
    this.#session.visible = panel.visible;
    const peer = this.register(
      connect(spectraHostApi, this.handlers(), spectraPanelApi, webviewChannel(webview), {
        onError: (error, method) => {
          log.error(`spectra: ${method}: ${error.stack ?? error.message}`);
          if (method !== 'ready') void showError(error, log);
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
    webview.html = webviewPage(webview, context.extensionUri, 'spectra', 'Spectra');
  }

  get subject(): FollowedSubject | undefined {
    return this.#session.subject;
  }

  follow(subject: FollowedSubject): void {
    this.#session.show(subject);
    this.panel.title = `Spectra: ${shortName(subject)}`;
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  onDidClose(closed: () => void): vscode.Disposable {
    return this.panel.onDidDispose(closed);
  }

  private handlers(): Calls<typeof spectraHostApi> {
    const session = this.#session;
    return {
      ready: () => Promise.resolve(session.snapshot),
      setRank: async (rank) => {
        const { subject } = session;
        if (subject?.kind !== 'experiment') return;
        await changeExperiment(subject.path, [{ path: ['adapter', 'rank'], value: String(rank) }]);
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
      saveSvg: (text) => this.save('svg', () => text),
      savePng: (bytes) => this.save('png', () => bytes),
      saveCsv: (table) => this.save('csv', () => spectraCsv(session.snapshot, table)),
    };
  }

  private save(form: SaveForm, content: () => string | Uint8Array): Promise<boolean> {
    const { subject } = this.#session;
    const folder =
      subject?.kind === 'experiment'
        ? vscode.Uri.file(path.dirname(subject.path))
        : vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = subject === undefined ? 'spectra' : `${shortName(subject)}-spectra`;
    return saveAs({ form, what: 'spectra', folder, name }, () => Promise.resolve(content()));
  }
}

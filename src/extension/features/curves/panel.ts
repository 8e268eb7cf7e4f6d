import * as path from 'node:path';
import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import {
  curvesHostApi,
  curvesPanelApi,
  decodeSavedCurves,
  type CurvesAction,
  type CurvesList,
} from '../../../protocol/panels/curves';
import { type Calls, connect } from '../../../protocol/rpc';
import { runPaths } from '../../../runs/folder';
import { showError } from '../../commands';
import { COMMANDS, PANELS } from '../../ids';
import type { Services } from '../../services';
import { saveAs, type SaveForm } from '../../vscode/saveAs';
import { panelBeside, shownPage } from '../../vscode/shownPage';
import { webviewChannel } from '../../vscode/webviewPage';
import { addRuns, EMPTY_LIST, removeRun, showRun } from './list';
import { pickRuns } from './pick';
import { CurvesSession } from './session';

/** The command behind each action that a page may name. */
const ACTIONS: Readonly<Record<CurvesAction, string>> = {
  stop: COMMANDS.stop,
  resume: COMMANDS.resume,
  openConfig: COMMANDS.openRunConfig,
  openLog: COMMANDS.openRunLog,
};

/** The panel of curves: a page, and the session that feeds it. */
export class CurvesPanel extends Owner {
  readonly #session: CurvesSession;

  /** Opens the panel beside the editor, without taking the focus. */
  static open(services: Services, list: CurvesList): CurvesPanel {
    const panel = panelBeside(PANELS.curves, 'Curves', services.context.extensionUri);
    return new CurvesPanel(services, panel, list);
  }

  /** Fills a panel that VS Code brings back, as the page had saved it. */
  static restore(services: Services, panel: vscode.WebviewPanel, saved: unknown): CurvesPanel {
    return new CurvesPanel(services, panel, decodeSavedCurves(saved)?.list ?? EMPTY_LIST);
  }

  constructor(
    private readonly services: Services,
    private readonly panel: vscode.WebviewPanel,
    list: CurvesList,
  ) {
    super();
    const { webview } = panel;
    this.#session = this.register(
      new CurvesSession(
        services.runs,
        {
          post: (patch) => {
            peer.calls.patch(patch).catch((error: unknown) => {
              // A page that was hidden meanwhile answers no more; it asks for everything when it is back.
              services.log.trace(`curves: ${toError(error).message}`);
            });
          },
          onError: (error) => services.log.error(`curves: ${error.stack ?? error.message}`),
        },
        list,
      ),
    );
    this.#session.visible = panel.visible;
    const peer = this.register(
      connect(curvesHostApi, this.handlers(), curvesPanelApi, webviewChannel(webview), {
        onError: (error, method) => {
          services.log.error(`curves: ${method}: ${error.stack ?? error.message}`);
          if (method !== 'ready' && method !== 'look') void showError(error, services.log);
        },
      }),
    );
    this.register(
      panel.onDidChangeViewState(() => {
        this.#session.visible = panel.visible;
      }),
    );
    this.register(shownPage(panel, services.context.extensionUri, 'curves', 'Curves', () => this.dispose()));
    this.retitle();
  }

  get list(): CurvesList {
    return this.#session.list;
  }

  set list(list: CurvesList) {
    this.#session.list = list;
    this.retitle();
  }

  /** Calls back when the panel is closed. */
  onDidClose(closed: () => void): vscode.Disposable {
    return this.panel.onDidDispose(closed);
  }

  /** Brings the panel to the front, where it is. */
  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  private retitle(): void {
    const { source } = this.list;
    this.panel.title =
      source === undefined ? 'Curves' : `Curves: ${path.basename(source).replace(/\.tune\.ya?ml$/u, '')}`;
  }

  private handlers(): Calls<typeof curvesHostApi> {
    const session = this.#session;
    return {
      ready: (look) => session.snapshot(look),
      look: (look) => session.snapshot(look),
      act: async (action, folder) => {
        await vscode.commands.executeCommand(ACTIONS[action], { folder });
      },
      show: async (folder, shown) => this.change(showRun(this.list, folder, shown)),
      remove: async (folder) => this.change(removeRun(this.list, folder)),
      add: async () => {
        const listed = new Set(session.listed().map(({ folder }) => folder));
        const chosen = await pickRuns(this.services.runs.runs.filter(({ folder }) => !listed.has(folder)));
        if (chosen.length > 0) await this.change(addRuns(this.list, chosen));
      },
      pin: async (pinned) => this.change({ ...this.list, pinned }),
      saveSvg: (text) => this.save('svg', () => Promise.resolve(text)),
      savePng: (bytes) => this.save('png', () => Promise.resolve(bytes)),
      saveCsv: (look, wanted) => this.save('csv', () => session.csv(look, wanted)),
    };
  }

  private change(list: CurvesList): Promise<void> {
    this.list = list;
    return Promise.resolve();
  }

  private save(form: SaveForm, content: () => Promise<string | Uint8Array>): Promise<boolean> {
    const { source } = this.list;
    const shown = this.#session.listed().find((run) => run.shown);
    const base = source ?? (shown === undefined ? undefined : runPaths(shown.folder).folder);
    const folder =
      base === undefined ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.file(path.dirname(base));
    const name =
      source === undefined ? 'curves' : path.basename(source).replace(/\.tune\.ya?ml$/u, '-curves');
    return saveAs({ form, what: 'curves', folder, name }, content);
  }
}

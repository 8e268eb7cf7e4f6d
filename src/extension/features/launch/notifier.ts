import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import type { RunRecord } from '../../../protocol/run/record';
import { writeTrouble } from '../../../runs/reserve';
import { isTrashed } from '../../../runs/trash';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { readWholeRecord, stampOf } from '../../../runs/survey/runFiles';
import type { RunSummary } from '../../../runs/survey/summary';
import { Claims } from './claims';
import { type EndAction, type EndNotice, EndWatch, noticeOf, noticeOfRemoved } from './ends';
import type { Launcher } from './launcher';
import type { Stopping } from './stopping';

/** How long (ms) a window that has not the focus lets others go first. */
const COURTESY = 1500;

const BUTTONS: Record<EndAction, string> = {
  curves: 'Show Curves',
  export: 'Export…',
  log: 'Open Log',
  place: 'Go to Place',
  resume: 'Resume',
};

/** Tells the user how runs end. */
export class Notifier extends Owner {
  readonly #watch = new EndWatch();
  readonly #ours = new Set<string>();
  readonly #claims: Claims;

  constructor(
    private readonly services: Services,
    launcher: Launcher,
    private readonly stopping: Stopping,
  ) {
    super();
    const { runs, context } = services;
    this.#claims = new Claims(path.join(context.globalStorageUri.fsPath, 'windows'));
    this.attempt(() => this.#claims.tidy());
    this.register(
      launcher.onDidStart((folder) => {
        this.#watch.expect(folder, runs.get(folder)?.ended);
        this.#ours.add(folder);
        stopping.forget(folder);
        this.attempt(() => this.#claims.launched(path.basename(folder)));
      }),
    );
    this.register(launcher.onDidEnd(({ folder }) => this.attempt(() => this.trainerEnded(folder))));
    this.register(runs.onDidChange(() => this.look()));
  }

  private look(): void {
    const { runs } = this.services.runs;
    for (const run of this.#watch.look(runs)) this.attempt(() => this.tell(run));
    for (const run of this.#watch.missing(runs)) this.attempt(() => this.tellIfRemoved(run));
  }

  /** A run that is not listed any more need not be gone: the runs folder may be another, or its record unreadable. */
  private async tellIfRemoved(run: RunSummary): Promise<void> {
    const { folder } = run;
    if ((await stampOf(folder)) !== '' || !this.#watch.forget(folder)) return;
    // It was stopped and deleted in the explorer, by whoever did that.
    if (await isTrashed(folder)) return;
    if (!(await this.claim(run))) return;
    const notice = noticeOfRemoved(run, this.services.settings.notifications());
    if (notice !== undefined) await this.show(notice, run, undefined);
  }

  /** A trainer that ended before it had written a word leaves its run as it was: that is told at once. */
  private async trainerEnded(folder: string): Promise<void> {
    await this.services.runs.look(folder);
    this.look();
    if (!this.#watch.isUnseen(folder)) return;
    const name = this.services.runs.get(folder)?.label ?? path.basename(folder);
    const text = `The trainer of ‘${name}’ ended before it began.`;
    const chosen = await vscode.window.showErrorMessage(text, BUTTONS.log);
    if (chosen !== undefined) await vscode.commands.executeCommand(COMMANDS.openRunLog, { folder });
  }

  private async tell(run: RunSummary): Promise<void> {
    const { settings } = this.services;
    if (!(await this.claim(run))) return;
    const record = await readWholeRecord(run.folder);
    const notice = noticeOf(run, record, {
      asked: this.stopping.wasAsked(run.folder),
      setting: settings.notifications(),
      trouble: run.status === 'interrupted' ? writeTrouble(run.folder)?.message : undefined,
    });
    if (notice !== undefined) await this.show(notice, run, record);
  }

  /** Takes it upon this window, of all that are open, to tell how a run ended; false where another has. */
  private async claim({ folder, id }: RunSummary): Promise<boolean> {
    const launched = this.#ours.delete(folder);
    if (!launched && !vscode.window.state.focused) await sleep(COURTESY);
    return this.#claims.claim(id, launched);
  }

  private async show(
    { severity, text, actions }: EndNotice,
    run: RunSummary,
    record: RunRecord | undefined,
  ): Promise<void> {
    const buttons = actions.map((action) => BUTTONS[action]);
    const show = {
      information: vscode.window.showInformationMessage,
      warning: vscode.window.showWarningMessage,
      error: vscode.window.showErrorMessage,
    }[severity];
    const chosen = await show(text, ...buttons);
    const action = actions.find((one) => BUTTONS[one] === chosen);
    if (action !== undefined) await this.act(action, run, record);
  }

  private async act(action: EndAction, { folder }: RunSummary, record: RunRecord | undefined): Promise<void> {
    if (action === 'place') {
      await showPlace(record);
      return;
    }
    const command = {
      curves: COMMANDS.showCurves,
      export: COMMANDS.exportRun,
      log: COMMANDS.openRunLog,
      resume: COMMANDS.resume,
    }[action];
    await vscode.commands.executeCommand(command, { folder });
  }

  private attempt(task: () => Promise<void>): void {
    task().catch((thrown: unknown) => {
      this.services.log.error(`telling how a run ended: ${toError(thrown).message}`);
    });
  }
}

async function showPlace(record: RunRecord | undefined): Promise<void> {
  const { file, line, column } = record?.error?.facts ?? {};
  if (typeof file !== 'string' || typeof line !== 'number') return;
  const start = new vscode.Position(line - 1, typeof column === 'number' ? column - 1 : 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(start, start) });
}

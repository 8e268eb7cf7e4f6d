import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import { assertNever } from '../../../base/errors';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { isExperiment } from './documents';
import { type Lens, type LensAction, lensesOf } from './lens';

/**
 * The line is drawn anew at most this often (ms): it is read, not watched. The editor waits for a pause after each
 * change before it asks, the longer the slower the machine; changes that came quicker than it waits would keep it from
 * ever asking.
 */
const AT_MOST_EVERY = 3000;

/** Run, progress and the best result on the first line of an experiment. */
export class CodeLensProvider extends Owner implements vscode.CodeLensProvider {
  readonly #changed = this.register(new Emitter<void>());
  #shown = '';
  #waiting: NodeJS.Timeout | undefined;

  constructor(private readonly services: Pick<Services, 'runs' | 'settings'>) {
    super();
    const { runs, settings } = services;
    this.register(runs.onDidChange(() => this.refreshSoon()));
    this.register(settings.onDidChange(() => this.#changed.fire()));
  }

  readonly onDidChangeCodeLenses: vscode.Event<void> = (listener, thisArgs, disposables) => {
    const listening = this.#changed.event(() => {
      listener.call(thisArgs);
    });
    const owned = new vscode.Disposable(() => listening.dispose());
    disposables?.push(owned);
    return owned;
  };

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!this.services.settings.codeLens()) return [];
    const top = new vscode.Range(0, 0, 0, 0);
    return this.lensesFor(document).map(
      ({ title, tooltip, action }) =>
        new vscode.CodeLens(top, { title, tooltip, ...commandOf(action, document.uri) }),
    );
  }

  override dispose(): void {
    clearTimeout(this.#waiting);
    super.dispose();
  }

  private lensesFor({ uri }: vscode.TextDocument): readonly Lens[] {
    return lensesOf(this.services.runs.runsOf(uri.fsPath));
  }

  /** Only what reads differently is drawn anew. */
  private refreshSoon(): void {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      const shown = JSON.stringify(
        vscode.window.visibleTextEditors
          .map(({ document }) => document)
          .filter(isExperiment)
          .map((document) => [document.uri.toString(), this.lensesFor(document)]),
      );
      if (shown === this.#shown) return;
      this.#shown = shown;
      this.#changed.fire();
    }, AT_MOST_EVERY);
  }
}

function commandOf(action: LensAction, file: vscode.Uri): { command: string; arguments: unknown[] } {
  switch (action.kind) {
    case 'run':
      return { command: COMMANDS.run, arguments: [file] };
    case 'runWithChanges':
      return { command: COMMANDS.runWithChanges, arguments: [file] };
    case 'resumeLast':
      return { command: COMMANDS.resumeLast, arguments: [file] };
    case 'curves':
      return { command: COMMANDS.showCurves, arguments: [file] };
    case 'stop':
      return { command: COMMANDS.stop, arguments: [{ folder: action.folder }] };
    case 'curvesOf':
      return { command: COMMANDS.showCurves, arguments: [{ folder: action.folder }] };
    default:
      return assertNever(action);
  }
}

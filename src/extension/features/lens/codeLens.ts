import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import { assertNever } from '../../../base/errors';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { isExperiment } from '../../vscode/experiments';
import { type Lens, type LensAction, lensesOf } from './lens';

/** The line is drawn anew at most this often (ms): it is read, not watched. */
const AT_MOST_EVERY = 1000;

/**
 * How long (ms) the editor may take to ask after it was told of a change, before it is told again. It waits for a
 * pause after each change, the longer the slower the machine, so that changes which come quicker than it waits would
 * keep it from ever asking; what it asks for late is the newest all the same.
 */
const ASKED_WITHIN = 30_000;

/** Run, progress, the best result and what a run would come to, on the first line of an experiment. */
export class CodeLensProvider extends Owner implements vscode.CodeLensProvider {
  readonly #changed = this.register(new Emitter<void>());
  #shown = '';
  #waiting: NodeJS.Timeout | undefined;
  /** When the editor was told of a change for which it has not asked yet. */
  #told: number | undefined;

  constructor(private readonly services: Pick<Services, 'runs' | 'settings' | 'plans'>) {
    super();
    const { runs, settings, plans } = services;
    this.register(plans.onDidChange(() => this.refreshSoon()));
    this.register(runs.onDidChange(() => this.refreshSoon()));
    this.register(settings.onDidChange(() => this.tell()));
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
    this.#told = undefined;
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

  private lensesFor(document: vscode.TextDocument): readonly Lens[] {
    const { runs, plans } = this.services;
    return lensesOf(runs.runsOf(document.uri.fsPath), plans.of(document));
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
      if (this.#told === undefined || performance.now() - this.#told > ASKED_WITHIN) this.tell();
    }, AT_MOST_EVERY);
  }

  private tell(): void {
    this.#told = performance.now();
    this.#changed.fire();
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
    case 'ranks':
      return { command: COMMANDS.showRanks, arguments: [file] };
    case 'spectra':
      return { command: COMMANDS.showSpectra, arguments: [file] };
    case 'stop':
      return { command: COMMANDS.stop, arguments: [{ folder: action.folder }] };
    case 'curvesOf':
      return { command: COMMANDS.showCurves, arguments: [{ folder: action.folder }] };
    default:
      return assertNever(action);
  }
}

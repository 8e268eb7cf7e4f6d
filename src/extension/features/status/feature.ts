import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { COMMANDS, CONTEXTS } from '../../ids';
import type { Services } from '../../services';
import { ContextKey } from '../../vscode/contextKey';
import { EndWatch } from '../launch/ends';
import { isActive } from '../../../runs/survey/summary';
import { type EndedRun, statusWords, tooltipLines } from './words';

/** Low: to the right of what others show on the left. */
const PRIORITY = -10;
/** How often (ms) is looked whether the end of a run has been shown for long enough. */
const LOOK_EVERY = 10_000;

/** Registers the item in the status bar, and the key that says whether a run is at work. */
export function registerStatus(services: Services): vscode.Disposable {
  return vscode.Disposable.from(new StatusItem(services));
}

class StatusItem extends Owner {
  readonly #item = this.register(
    vscode.window.createStatusBarItem('eigenloom.runs', vscode.StatusBarAlignment.Left, PRIORITY),
  );
  readonly #running = new ContextKey(CONTEXTS.running);
  readonly #watch = new EndWatch();
  #ended: EndedRun | undefined;

  constructor(private readonly services: Services) {
    super();
    this.#item.name = 'Eigenloom Runs';
    this.register(services.runs.onDidChange(() => this.update()));
    this.register(services.runs.onDidAwaitTrainer(({ folder, ended }) => this.#watch.expect(folder, ended)));
    const timer = setInterval(() => this.update(), LOOK_EVERY);
    this.register(new vscode.Disposable(() => clearInterval(timer)));
    this.update();
  }

  private update(): void {
    const { runs } = this.services.runs;
    const now = Date.now();
    const [ended] = this.#watch.look(runs);
    // Not by the clock of the day, which may be set back.
    if (ended !== undefined) this.#ended = { run: ended, at: performance.now() };
    this.#running.set(runs.some(isActive));
    const words = statusWords(runs, this.#ended, performance.now());
    if (words === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.text = words.text;
    this.#item.tooltip = [...tooltipLines(words.active, now), 'Click to see the curves.'].join('\n');
    this.#item.accessibilityInformation = { label: `Eigenloom: ${words.spoken}`, role: 'button' };
    this.#item.backgroundColor = words.failed
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.command = {
      command: COMMANDS.showCurves,
      title: 'Show Curves',
      arguments: [{ folder: words.folder }],
    };
    this.#item.show();
  }
}

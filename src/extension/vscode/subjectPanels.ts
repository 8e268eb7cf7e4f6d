import * as path from 'node:path';
import * as vscode from 'vscode';
import { disposable, Owner } from '../../base/disposable';
import { InputError } from '../../base/errors';
import type { PanelSubject } from '../../protocol/panels/subject';
import { nameBy } from '../../runs/folder';
import type { FollowedSubject } from '../follower';
import type { SelectedRuns } from '../selectedRuns';
import type { Services } from '../services';
import { isExperiment, isExperimentFile } from './experiments';
import { panelBeside } from './shownPage';

/** A panel that is about something, and can be about something else. */
export interface SubjectPanel extends vscode.Disposable {
  readonly subject: FollowedSubject | undefined;
  follow(subject: FollowedSubject): void;
  /** Brings it to the front, where it is. */
  reveal(): void;
  onDidClose(closed: () => void): vscode.Disposable;
}

/** How panels of a type are made; loaded with the first one. */
export interface SubjectPanelType<P extends SubjectPanel> {
  /** Fills a panel: a new one, or one that VS Code brings back with what its page had written down. */
  readonly adopt: (panel: vscode.WebviewPanel, state?: unknown) => P;
  /** What the page had written down of its subject. */
  readonly subjectOf: (state: unknown) => PanelSubject | undefined;
}

/**
 * The one panel of a type: opened, brought back after a reload, and, where it is about an experiment, following the one
 * that is active and its text.
 */
export class SubjectPanels<P extends SubjectPanel> extends Owner implements vscode.WebviewPanelSerializer {
  #panel: P | undefined;

  constructor(
    private readonly type: string,
    private readonly title: string,
    private readonly services: Pick<Services, 'context' | 'log'>,
    private readonly load: () => Promise<SubjectPanelType<P>>,
  ) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(type, this));
    this.register(
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        // A model or a run that was asked for by name stays.
        const held = this.#panel?.subject !== undefined && this.#panel.subject.kind !== 'experiment';
        if (editor !== undefined && isExperiment(editor.document) && !held) {
          this.#panel?.follow(experimentSubject(editor.document));
        }
      }),
    );
    this.register(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        const { kind, path } = this.#panel?.subject ?? {};
        if (kind === 'experiment' && path === document.uri.fsPath) {
          this.#panel?.follow(experimentSubject(document));
        }
      }),
    );
    this.register(disposable(() => void this.#panel?.dispose()));
  }

  /** Shows a subject in the open panel, or in a new one. */
  async show(subject: PanelSubject): Promise<void> {
    const [type, followed] = await Promise.all([this.load(), withText(subject)]);
    if (this.#panel === undefined) {
      const panel = panelBeside(this.type, this.title, this.services.context.extensionUri);
      this.keep(type.adopt(panel)).follow(followed);
    } else {
      this.#panel.follow(followed);
      this.#panel.reveal();
    }
  }

  async deserializeWebviewPanel(restored: vscode.WebviewPanel, state: unknown): Promise<void> {
    const type = await this.load();
    const subject = type.subjectOf(state);
    if (subject === undefined || this.#panel !== undefined) {
      restored.dispose();
      return;
    }
    const panel = this.keep(type.adopt(restored, state));
    try {
      panel.follow(await withText(subject));
    } catch (thrown) {
      // The experiment is gone: a panel about nothing helps nobody.
      this.services.log.info(`${restored.viewType}: ${String(thrown)}`);
      panel.dispose();
    }
  }

  private keep(panel: P): P {
    this.#panel = panel;
    panel.onDidClose(() => {
      if (this.#panel === panel) this.#panel = undefined;
    });
    return panel;
  }
}

/** What a command is about: a run, an experiment, or the experiment in the active editor. */
export function namedSubject(args: readonly unknown[], selected: SelectedRuns): PanelSubject {
  const [run] = selected.namedBy(args);
  if (run !== undefined) return { kind: 'run', path: run };
  const [named] = args;
  const file = named instanceof vscode.Uri ? named : vscode.window.activeTextEditor?.document.uri;
  if (file !== undefined && isExperimentFile(file.fsPath)) return { kind: 'experiment', path: file.fsPath };
  throw new InputError({
    what: 'there is no experiment to look at',
    expected: 'a *.tune.yaml file',
    remedy: 'Open one, and try again.',
  });
}

function experimentSubject(document: vscode.TextDocument): FollowedSubject {
  return { kind: 'experiment', path: document.uri.fsPath, text: document.getText() };
}

async function withText(subject: PanelSubject): Promise<FollowedSubject> {
  if (subject.kind !== 'experiment') return subject;
  return experimentSubject(await vscode.workspace.openTextDocument(subject.path));
}

/** What a subject is called on a tab and in a file's name. */
export function shortName({ kind, path: place }: PanelSubject): string {
  const name = path.basename(place);
  if (kind === 'run') return nameBy(name);
  return name.replace(/\.tune\.ya?ml$/u, '');
}

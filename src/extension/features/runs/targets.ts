import * as vscode from 'vscode';
import { isRecord } from '../../../base/guards';
import { InputError } from '../../../base/errors';
import type { SelectedRuns } from '../../selectedRuns';
import type { RunsModel } from './model';
import { statusIcon } from './rowItem';
import type { RunSummary } from '../../../runs/survey/summary';
import { describeRun } from './words';

/** What is asked when a command was called without a run. */
export interface Question {
  readonly title: string;
  /** What is wrong where no run comes into question. */
  readonly none: string;
  /** Which runs come into question; all where it is left out. */
  readonly fits?: (run: RunSummary) => boolean;
}

/** Finds out which runs a command is about: the rows it was called on, the explorer's selection, or by asking. */
export class RunTargets {
  constructor(
    private readonly model: RunsModel,
    private readonly selected: SelectedRuns,
  ) {}

  /** The folders of one or several runs; none where the user changed their mind. Throws `InputError` where none fits. */
  async folders(args: readonly unknown[], question: Question): Promise<string[]> {
    const named = this.named(args);
    if (named.length > 0) return named;
    const items = this.items(question);
    // What is selected in the explorer is most likely meant, and the only one there is surely.
    const selected = new Set(this.selected.folders);
    const checked = items.map((item) => ({
      ...item,
      picked: items.length === 1 || selected.has(item.run.folder),
    }));
    const picked = await vscode.window.showQuickPick(checked, {
      title: question.title,
      placeHolder: 'Which runs?',
      canPickMany: true,
      matchOnDescription: true,
    });
    return (picked ?? []).map(({ run }) => run.folder);
  }

  /** The runs among {@link folders} that can be read and fit; those that do not are left alone. */
  async many(args: readonly unknown[], question: Question): Promise<RunSummary[]> {
    const { fits = () => true, none } = question;
    const folders = await this.folders(args, question);
    const runs = folders.flatMap((folder) => this.model.get(folder) ?? []).filter(fits);
    if (folders.length > 0 && runs.length === 0) throw new InputError({ what: none });
    return runs;
  }

  /** A single run: the first of those named, or the one that is picked. */
  async one(args: readonly unknown[], question: Question): Promise<RunSummary | undefined> {
    const [named] = this.named(args);
    if (named !== undefined) return (await this.many(args, question))[0];
    const selected = new Set(this.selected.folders);
    const items = this.items(question);
    // The first row is the one that Enter takes.
    const meant = items.filter(({ run }) => selected.has(run.folder));
    const others = items.filter(({ run }) => !selected.has(run.folder));
    const picked = await vscode.window.showQuickPick([...meant, ...others], {
      title: question.title,
      placeHolder: 'Which run?',
      matchOnDescription: true,
    });
    return picked?.run;
  }

  private named(args: readonly unknown[]): string[] {
    const [first] = args;
    // A key in the explorer: VS Code hands over no row then.
    if (isRecord(first) && first.selection === true) return [...this.selected.folders];
    return this.selected.namedBy(args);
  }

  private items({ fits = () => true, none }: Question): (vscode.QuickPickItem & { run: RunSummary })[] {
    const now = Date.now();
    const runs = this.model.runs.filter(fits);
    if (runs.length === 0) throw new InputError({ what: none });
    return runs.map((run) => ({
      label: `$(${statusIcon(run.status).icon.replace('~spin', '')}) ${run.label}`,
      description: describeRun(run, now),
      run,
    }));
  }
}

import * as path from 'node:path';
import * as vscode from 'vscode';
import { EigenloomError, toError, type ErrorFacts } from '../base/errors';
import { Owner } from '../base/disposable';
import { type ErrorNotice, noticeOf } from './errorNotice';
import type { COMMANDS } from './ids';
import type { Log } from './log';

export type CommandId = (typeof COMMANDS)[keyof typeof COMMANDS];

/** What a command was called with: a tree item, a file, or nothing; each command looks for itself. */
type Handler = (...args: readonly unknown[]) => unknown;

/**
 * The one way to register a command: logs its start and end, and turns what it throws into words. A known error
 * becomes its sentence, with a button to the place it names; any other is a bug of ours and offers the log.
 */
export class Commands extends Owner {
  constructor(private readonly log: Log) {
    super();
  }

  add(id: CommandId, handler: Handler): void {
    this.register(
      vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
        this.log.debug(`${id} begins`);
        const begun = performance.now();
        try {
          const result: unknown = await handler(...args);
          this.log.debug(`${id} ends after ${Math.round(performance.now() - begun)} ms`);
          return result;
        } catch (thrown) {
          await this.failed(id, toError(thrown));
          return undefined;
        }
      }),
    );
  }

  /** Shows an error that came after a command had ended. */
  async show(thrown: unknown): Promise<void> {
    const error = toError(thrown);
    this.log.error(error.stack ?? error.message);
    await showError(error, this.log);
  }

  private async failed(id: string, error: Error): Promise<void> {
    if (error instanceof vscode.CancellationError) return;
    this.log.error(`${id}: ${error.stack ?? error.message}`);
    await showError(error, this.log);
  }
}

/** Shows an error to the user: what is wrong, and a button that leads on. */
export async function showError(thrown: unknown, log: Log): Promise<void> {
  const error = toError(thrown);
  const known = error instanceof EigenloomError && error.kind !== 'bug';
  if (!known) {
    const chosen = await vscode.window.showErrorMessage(`Eigenloom: ${error.message}`, 'Show Log');
    if (chosen !== undefined) log.show();
    return;
  }
  const notice = noticeOf(error, (file) => vscode.workspace.asRelativePath(file));
  const step = nextStep(error.facts, notice, log);
  const chosen = await vscode.window.showErrorMessage(
    notice.text,
    ...(step === undefined ? [] : [step.label]),
  );
  if (chosen !== undefined) await step?.take();
}

/** Where a button leads on from a known error; undefined where there is nowhere to go and all is said. */
function nextStep(
  facts: ErrorFacts,
  { setting, long }: ErrorNotice,
  log: Log,
): { label: string; take: () => unknown } | undefined {
  const place = placeOf(facts);
  if (place !== undefined) {
    const { file, range } = place;
    return {
      label: 'Go to Place',
      take: () => vscode.window.showTextDocument(file, { selection: range }),
    };
  }
  if (setting !== undefined) {
    return {
      label: 'Open Setting',
      take: () => vscode.commands.executeCommand('workbench.action.openSettings', `@id:${setting}`),
    };
  }
  return long ? { label: 'Show Log', take: () => log.show() } : undefined;
}

/** The place an error names, where that is a file on this machine. */
function placeOf({ file, line, column }: ErrorFacts): { file: vscode.Uri; range: vscode.Range } | undefined {
  if (file === undefined || line === undefined || !path.isAbsolute(file)) return undefined;
  const start = new vscode.Position(line - 1, (column ?? 1) - 1);
  return { file: vscode.Uri.file(file), range: new vscode.Range(start, start) };
}

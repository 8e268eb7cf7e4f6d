import * as path from 'node:path';
import * as vscode from 'vscode';
import { EigenloomError, InputErrors, toError, type ErrorFacts } from '../base/errors';
import { Owner } from '../base/disposable';
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
  const place = placeOf(error.facts);
  const chosen = await vscode.window.showErrorMessage(
    sentenceOf(error),
    ...(place === undefined ? [] : ['Go to Place']),
  );
  if (chosen !== undefined && place !== undefined) {
    await vscode.window.showTextDocument(place.file, { selection: place.range });
  }
}

/** The first error's sentence, and how many more there are: a notification has no room for a list. */
function sentenceOf(error: EigenloomError): string {
  if (!(error instanceof InputErrors) || error.errors.length === 1) return error.message;
  const more = error.errors.length - 1;
  return `${error.errors[0].message} (and ${more} more ${more === 1 ? 'problem' : 'problems'})`;
}

/** The place an error names, where that is a file on this machine. */
function placeOf({ file, line, column }: ErrorFacts): { file: vscode.Uri; range: vscode.Range } | undefined {
  if (file === undefined || line === undefined || !path.isAbsolute(file)) return undefined;
  const start = new vscode.Position(line - 1, (column ?? 1) - 1);
  return { file: vscode.Uri.file(file), range: new vscode.Range(start, start) };
}

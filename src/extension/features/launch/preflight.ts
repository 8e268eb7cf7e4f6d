import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import type { Services } from '../../services';
import { errorOf, judge } from './judge';

/** What the user went on in spite of, by file: asked once in a session. */
const accepted = new Map<string, Set<string>>();

/**
 * Checks what a run would check before its first step. True where it may begin; false where the user changed their
 * mind. Throws `InputError` with the first thing that is wrong.
 */
export async function passesPreflight(
  { inspector, log }: Services,
  file: string,
  overrides: readonly string[],
): Promise<boolean> {
  const result = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Checking the experiment', cancellable: true },
    async (_, token) => {
      const cancelled = new Promise<undefined>((resolve) => {
        token.onCancellationRequested(() => resolve(undefined));
      });
      return Promise.race([inspector.calls.preflight(file, overrides.slice()), cancelled]);
    },
  );
  if (result === undefined) return false;
  const { errors, doubts, notes } = judge(result.findings, accepted.get(file) ?? new Set());
  for (const note of notes) log.info(`${file}: ${note}`);
  const [error] = errors;
  if (error !== undefined) throw new InputError(errorOf(error, errors.length - 1, file));
  if (doubts.length === 0) return true;
  const detail = doubts.map(({ message }) => message).join('\n\n');
  const chosen = await vscode.window.showWarningMessage(
    'This run may not go well.',
    { modal: true, detail },
    'Run Anyway',
  );
  if (chosen === undefined) return false;
  const known = accepted.get(file) ?? new Set<string>();
  for (const { key } of doubts) known.add(key);
  accepted.set(file, known);
  return true;
}

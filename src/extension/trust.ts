import * as vscode from 'vscode';
import { InputError } from '../base/errors';

/** Throws `InputError` in a workspace that is not trusted: what would run there may be somebody else's. */
export function requireTrust(what: string): void {
  if (vscode.workspace.isTrusted) return;
  throw new InputError({
    what: `${what} needs a trusted workspace`,
    remedy: 'Choose “Workspaces: Manage Workspace Trust” from the command palette.',
  });
}

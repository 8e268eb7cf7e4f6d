import * as vscode from 'vscode';
import { RunError } from '../../../base/errors';
import { restoreRun, trashRun, type TrashedRun } from '../../../runs/trash';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { stopAndWait } from './stopAndWait';
import { isActive, type RunSummary } from '../../../runs/survey/summary';
import type { RunTargets } from './targets';

/** Registers the command that moves runs into the trash, from where they can be put back for a day. */
export function addDeleteCommand(services: Services, targets: RunTargets): void {
  services.commands.add(COMMANDS.deleteRuns, async (...args) => {
    const folders = await targets.folders(args, { title: 'Delete Runs', none: 'there is no run here' });
    const active = folders.flatMap((folder) => services.runs.get(folder) ?? []).filter(isActive);
    if (folders.length === 0 || !(await mayStop(active))) return;
    await stopAll(services, active);
    const trashed: TrashedRun[] = [];
    try {
      for (const folder of folders) trashed.push(await trashRun(folder));
    } finally {
      await services.runs.list();
      if (trashed.length > 0) offerUndo(services, trashed);
    }
  });
}

async function mayStop(active: readonly RunSummary[]): Promise<boolean> {
  if (active.length === 0) return true;
  const [first] = active;
  const what =
    active.length === 1
      ? `‘${first?.label ?? ''}’ is still running.`
      : `${active.length} of these runs are still running.`;
  const stop = active.length === 1 ? 'Stop and Delete' : 'Stop Them and Delete';
  const detail = 'It is stopped first, with a checkpoint. What is deleted can be put back for a day.';
  return (await vscode.window.showWarningMessage(what, { modal: true, detail }, stop)) === stop;
}

async function stopAll({ runs }: Services, active: readonly RunSummary[]): Promise<void> {
  if (active.length === 0) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Waiting for the trainer to stop' },
    async () => {
      const ended = await Promise.all(active.map((run) => stopAndWait(runs, run.folder)));
      if (ended.includes(false)) {
        throw new RunError({
          what: 'a run has not stopped yet, and nothing is deleted',
          remedy: 'It stops after its step; delete it then, or stop it again to end it at once.',
        });
      }
    },
  );
}

function offerUndo(services: Services, trashed: readonly TrashedRun[]): void {
  const what = trashed.length === 1 ? 'The run was deleted.' : `${trashed.length} runs were deleted.`;
  void vscode.window.showInformationMessage(what, 'Undo').then(async (chosen) => {
    if (chosen === undefined) return;
    try {
      for (const one of trashed) await restoreRun(one);
    } catch (thrown) {
      await services.commands.show(thrown);
    } finally {
      await services.runs.list();
    }
  });
}

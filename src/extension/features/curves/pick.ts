import * as vscode from 'vscode';
import type { RunSummary } from '../../../runs/survey/summary';

/** Asks which of some runs are meant; none where the user changed their mind. */
export async function pickRuns(runs: readonly RunSummary[]): Promise<string[]> {
  const chosen = await vscode.window.showQuickPick(
    runs.map((run) => ({
      label: run.label,
      description: [run.method, run.status, `step ${run.step}`].filter(Boolean).join(', '),
      detail: new Date(run.created).toLocaleString(),
      folder: run.folder,
    })),
    {
      canPickMany: true,
      matchOnDescription: true,
      title: 'Add Runs to Curves',
      placeHolder: runs.length === 0 ? 'There is no other run' : 'Runs whose curves to show, too',
    },
  );
  return (chosen ?? []).map(({ folder }) => folder);
}

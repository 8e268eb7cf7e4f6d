import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { startTask } from '../../../launch/task';
import type { ExportFormat } from '../../../protocol/tasks';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { requireTrust } from '../../trust';
import { chooseFolder } from '../../vscode/chooseFolder';
import { exportName, exportProgress } from './exportNames';
import { isExportable } from './rowItem';
import type { RunSummary } from '../../../runs/survey/summary';
import type { RunTargets } from './targets';

/** Registers the command that writes a run's result in another form. */
export function addExportCommand({ commands, settings }: Services, targets: RunTargets): void {
  commands.add(COMMANDS.exportRun, async (...args) => {
    requireTrust('Exporting a run');
    const none = 'no run here has a result to export yet';
    const run = await targets.one(args, { title: 'Export Run', none, fits: isExportable });
    if (run === undefined) return;
    const format = await pickFormat(run);
    if (format === undefined) return;
    const parent = await chooseFolder({
      title: 'Where to Put the Exported Folder',
      openLabel: 'Export Here',
      defaultUri: vscode.Uri.file(path.dirname(run.source)),
    });
    if (parent === undefined) return;
    const out = await freeFolder(parent.fsPath, exportName(run, format));
    if (!(await exportTo(run, format, out, settings.cacheFolder()))) return;
    const chosen = await vscode.window.showInformationMessage(`‘${run.label}’ is in ${out}.`, 'Reveal');
    if (chosen !== undefined) await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(out));
  });
}

async function pickFormat(run: RunSummary): Promise<ExportFormat | undefined> {
  const peft = {
    label: 'PEFT adapter',
    detail: 'What was trained alone; Hugging Face’s PEFT loads it over the base model.',
    format: 'peft' as const,
  };
  const merged = {
    label: 'Merged model',
    detail: 'A whole model in Hugging Face’s form, with what was trained added to its weights.',
    format: 'merged' as const,
  };
  const items = run.method === 'full' ? [merged] : [peft, merged];
  return (await vscode.window.showQuickPick(items, { title: `Export ${run.label}` }))?.format;
}

/** The name, or the first of `name-2`, `name-3`, … that is not taken. */
async function freeFolder(parent: string, name: string): Promise<string> {
  const taken = new Set(await fs.readdir(parent));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(candidate)) return path.join(parent, candidate);
  }
}

/** False where the user changed their mind; then nothing is left of it. */
async function exportTo(
  run: RunSummary,
  format: ExportFormat,
  out: string,
  cache: string | undefined,
): Promise<boolean> {
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Exporting ‘${run.label}’`,
      cancellable: true,
    },
    async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      let done = 0;
      const note = (line: string): void => {
        const { message, percent } = exportProgress(line);
        progress.report({ message, increment: Math.max(0, percent - done) });
        done = Math.max(done, percent);
      };
      try {
        await startTask(
          { task: 'export', run: run.folder, format, out },
          { note, signal: abort.signal, cache },
        );
        return true;
      } catch (thrown) {
        // It was made by this command: nobody else's files are in it.
        await fs.rm(out, { recursive: true, force: true });
        if (abort.signal.aborted) return false;
        throw thrown;
      }
    },
  );
}

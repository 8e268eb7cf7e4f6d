import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import { errorCode } from '../../../runs/files';
import { runPaths } from '../../../runs/folder';
import { readRun } from '../../../runs/store';
import type { Services } from '../../services';
import { isExperimentFile } from '../../vscode/experiments';
import { isResumable, type RunSummary } from '../../../runs/survey/summary';
import type { Launcher } from './launcher';

/** Goes on with the newest run that can: of the experiment named or active, where there is one, else of all. */
export async function resumeLast(
  { runs }: Services,
  launcher: Launcher,
  args: readonly unknown[],
): Promise<void> {
  const [named] = args;
  const uri = named instanceof vscode.Uri ? named : vscode.window.activeTextEditor?.document.uri;
  const own = uri !== undefined && isExperimentFile(uri.fsPath) ? runs.runsOf(uri.fsPath) : undefined;
  const last: RunSummary | undefined = (own ?? runs.runs).find(isResumable);
  if (last === undefined) {
    throw new InputError({
      what: own === undefined ? 'there is no run to resume' : 'no run of this experiment can be resumed',
      ...(own === undefined || uri === undefined ? {} : { file: uri.fsPath }),
      remedy: 'Run it: only a run that was stopped, has failed or was interrupted goes on.',
    });
  }
  await launcher.resume(last.folder);
}

/** Makes another run like one that was made before: of its file where that still says the same, else of its copy. */
export async function runAgain(launcher: Launcher, { folder }: RunSummary): Promise<void> {
  const { decodeRunRecord } = await import('../../../protocol/run/decode');
  const { record } = readRun(folder, decodeRunRecord);
  const { file, overrides } = record.source;
  const [source, copy] = [await bytesOf(file), await bytesOf(runPaths(folder).config)];
  if (copy === undefined) {
    throw new InputError({
      what: 'the run has no copy of its experiment any more',
      file: runPaths(folder).config,
      remedy: `Run ${file} instead.`,
    });
  }
  if (source?.equals(copy) === true) await launcher.run(vscode.Uri.file(file), overrides);
  else await launcher.runCopy(folder, file);
}

async function bytesOf(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

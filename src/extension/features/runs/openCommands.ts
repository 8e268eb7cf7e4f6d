import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import { errorCode } from '../../../runs/files';
import { runPaths } from '../../../runs/folder';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import type { LogFollower } from './logFollower';
import { storedConfigUri } from './storedConfig';
import type { RunTargets } from './targets';

const NONE = 'there is no run here yet';

/** Registers what opens the files of runs. */
export function addOpenCommands({ commands }: Services, targets: RunTargets, logs: LogFollower): void {
  commands.add(COMMANDS.copyRunPath, async (...args) => {
    const folders = await targets.folders(args, { title: 'Copy Path of Runs', none: NONE });
    if (folders.length > 0) await vscode.env.clipboard.writeText(folders.join('\n'));
  });
  commands.add(COMMANDS.openRunFolder, async (...args) => {
    const [folder] = await targets.folders(args, { title: 'Reveal Run Folder', none: NONE });
    if (folder !== undefined) {
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(runPaths(folder).folder));
    }
  });
  commands.add(COMMANDS.openRunLog, async (...args) => {
    const run = await targets.one(args, { title: 'Open Run Log', none: NONE });
    if (run !== undefined) await logs.open(run.folder);
  });
  commands.add(COMMANDS.openRunConfig, async (...args) => {
    const run = await targets.one(args, { title: 'Open Run’s Config', none: NONE });
    if (run === undefined) return;
    const copy = await read(runPaths(run.folder).config);
    if (copy === undefined) {
      throw new InputError({
        what: 'the run has no copy of its config any more',
        file: runPaths(run.folder).config,
        remedy: 'Its values stand in run.json beside it.',
      });
    }
    const source = await read(run.source);
    const same = source?.equals(copy) === true;
    const uri = same ? vscode.Uri.file(run.source) : storedConfigUri(run.folder);
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Active, preview: true });
  });
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

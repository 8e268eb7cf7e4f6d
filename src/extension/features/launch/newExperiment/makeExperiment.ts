import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError, RunError } from '../../../../base/errors';
import { reasonOf, temporaryName } from '../../../../runs/files';
import { COMMANDS } from '../../../ids';
import type { Services } from '../../../services';
import { chooseFolder } from '../../../vscode/chooseFolder';
import { copySample, sampleSource } from '../sample';
import { inCopy, pathInFile } from './places';
import { experimentText } from './template';
import { askForExperiment } from './wizard';

/** Makes an experiment file, question by question. */
export async function makeExperiment(services: Services): Promise<void> {
  const folder = await targetFolder();
  if (folder === undefined) return;
  const answers = await askForExperiment(services, folder);
  if (answers === undefined) return;
  // The sample lies within the extension, which may be gone with its next version: what is used of it gets a copy.
  const sample = sampleSource(services.context).fsPath;
  const copy = async (): Promise<string> =>
    (await copySample(services.context, vscode.Uri.file(folder))).fsPath;
  const model = await inCopy(answers.model, sample, copy);
  const train = await inCopy(answers.train, sample, copy);
  const evaluation =
    answers.evaluation === undefined ? undefined : await inCopy(answers.evaluation, sample, copy);
  const file = path.join(folder, `${answers.name}.tune.yaml`);
  const text = experimentText({
    ...answers,
    model: pathInFile(model, folder, folder),
    train: pathInFile(train, folder, folder),
    evaluation: evaluation === undefined ? undefined : pathInFile(evaluation, folder, folder),
  });
  await write(file, text);
  const uri = vscode.Uri.file(file);
  await vscode.window.showTextDocument(uri);
  await offerRun(uri, answers.name);
}

/** Where the file goes: the workspace folder, or one that the user chooses. */
async function targetFolder(): Promise<string | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [first] = folders;
  if (first !== undefined && folders.length === 1) return first.uri.fsPath;
  if (folders.length > 1) {
    const picked = await vscode.window.showWorkspaceFolderPick({
      placeHolder: 'In which folder is the experiment to lie?',
    });
    return picked?.uri.fsPath;
  }
  const chosen = await chooseFolder({ title: 'Where to Put the Experiment', openLabel: 'Put It Here' });
  return chosen?.fsPath;
}

/** Writes a new file: nobody sees half of it, and one of that name stays as it is. */
async function write(file: string, text: string): Promise<void> {
  const draft = temporaryName(file);
  try {
    await fs.writeFile(draft, text, { flag: 'wx' });
    if (existsSync(file)) {
      throw new InputError({ what: 'there is such a file already', file, remedy: 'Choose another name.' });
    }
    await fs.rename(draft, file);
  } catch (thrown) {
    if (thrown instanceof InputError) throw thrown;
    throw new RunError(
      { what: `the experiment cannot be written: ${reasonOf(thrown)}`, file },
      { cause: thrown },
    );
  } finally {
    await fs.rm(draft, { force: true });
  }
}

/** Without keeping the command waiting: the user may well want to read the file first. */
async function offerRun(uri: vscode.Uri, name: string): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(
    `‘${name}’ is ready to run.`,
    'Run',
    'Preview Tokens',
  );
  if (chosen === 'Run') await vscode.commands.executeCommand(COMMANDS.run, uri);
  if (chosen === 'Preview Tokens') await vscode.commands.executeCommand(COMMANDS.previewTokens, uri);
}

import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import { isRecord } from '../../../base/guards';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { chooseFolder } from '../../vscode/chooseFolder';

/** The folder that the sample is copied to, below the one that is chosen. */
const FOLDER = 'eigenloom-sample';
/** What is copied of the sample: not what it was made with. */
const PARTS = /^(?:model|data|README\.md|.*\.tune\.yaml)$/u;
/** Which of its experiments is shown first. */
const FIRST = 'lamda.tune.yaml';
/** Where the sample that is about to be opened is remembered: opening a folder starts this extension anew. */
const OPENING = 'sample.opening';

/** The sample within the extension. */
export function sampleSource(context: vscode.ExtensionContext): vscode.Uri {
  return vscode.Uri.joinPath(context.extensionUri, 'media', 'sample');
}

/** Registers the commands that lead newcomers in. */
export function addSampleCommands(services: Services): void {
  const { commands, context, log } = services;
  commands.add(COMMANDS.openSample, async () => {
    const parent = await chooseParent(context);
    if (parent === undefined) return;
    const folder = await copySample(context, parent);
    await context.globalState.update(OPENING, folder.toString());
    const forceNewWindow = (vscode.workspace.workspaceFolders ?? []).length > 0;
    await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow });
  });
  commands.add(COMMANDS.openWalkthrough, async () => {
    const { id } = context.extension;
    const manifest: unknown = context.extension.packageJSON;
    await vscode.commands.executeCommand(
      'workbench.action.openWalkthrough',
      `${id}#${walkthroughOf(manifest)}`,
    );
  });
  showFirst(context).catch((thrown: unknown) => {
    log.warn(`the sample: ${String(thrown)}`);
  });
}

/** Copies the sample into a folder of its own below `parent`; one that is there already is left as it is. */
export async function copySample(context: vscode.ExtensionContext, parent: vscode.Uri): Promise<vscode.Uri> {
  const target = vscode.Uri.joinPath(parent, FOLDER);
  const source = sampleSource(context);
  await vscode.workspace.fs.createDirectory(target);
  const there = new Set((await vscode.workspace.fs.readDirectory(target)).map(([name]) => name));
  for (const [name] of await vscode.workspace.fs.readDirectory(source)) {
    if (!PARTS.test(name) || there.has(name)) continue;
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(source, name), vscode.Uri.joinPath(target, name));
  }
  return target;
}

async function chooseParent(context: vscode.ExtensionContext): Promise<vscode.Uri | undefined> {
  const choose = {
    label: '$(folder-opened) Choose a Folder…',
    detail: `The sample goes into ${FOLDER} in it.`,
    own: false,
  };
  const own = {
    label: '$(archive) The Extension’s Own Storage',
    detail: 'Nothing is left in your folders.',
    own: true,
  };
  const picked = await vscode.window.showQuickPick([choose, own], {
    title: 'Open the Sample',
    placeHolder: 'Where is the sample to be copied to? It takes 3 MB.',
  });
  if (picked === undefined) return undefined;
  if (picked.own) return context.globalStorageUri;
  return chooseFolder({ title: 'Where to Put the Sample', openLabel: 'Put It Here' });
}

/** Shows the first experiment of a sample that was just opened. */
async function showFirst(context: vscode.ExtensionContext): Promise<void> {
  const opening = context.globalState.get(OPENING);
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined || opening !== folder.uri.toString()) return;
  await context.globalState.update(OPENING, undefined);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, FIRST));
}

function walkthroughOf(manifest: unknown): string {
  const contributes = isRecord(manifest) ? manifest.contributes : undefined;
  const walkthroughs = isRecord(contributes) ? contributes.walkthroughs : undefined;
  const first: unknown = Array.isArray(walkthroughs) ? walkthroughs[0] : undefined;
  if (isRecord(first) && typeof first.id === 'string') return first.id;
  throw new InputError({ what: 'there is no walkthrough', remedy: 'Open the sample instead.' });
}

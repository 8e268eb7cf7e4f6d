import * as path from 'node:path';
import * as vscode from 'vscode';
import { type ChangeableKey, type Changes, collectKeys, problemOf, valueOf, applied } from './changes';

interface Item extends vscode.QuickPickItem {
  readonly key?: ChangeableKey;
}

const FORGET: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('discard'),
  tooltip: 'Leave it as it is in the file',
};

/**
 * Lets the user change keys of an experiment for one run, until they choose to run it; undefined where they changed
 * their mind.
 */
export async function pickChanges(
  file: vscode.Uri,
  text: string,
  before: Changes,
): Promise<Changes | undefined> {
  const changes = new Map(before);
  const keys = collectKeys();
  for (;;) {
    const picked = await pickKey(file, text, keys, changes);
    if (picked === undefined) return undefined;
    if (picked.key === undefined) return changes;
    const value = await pickValue(file, text, picked.key, changes);
    if (value !== undefined) changes.set(picked.key.key, value);
  }
}

async function pickKey(
  file: vscode.Uri,
  text: string,
  keys: readonly ChangeableKey[],
  changes: Map<string, string>,
): Promise<Item | undefined> {
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = `Run ${path.basename(file.fsPath)} with Changes`;
  pick.placeholder = 'A key to change for this run, or run it';
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const show = (): void => {
    pick.items = itemsOf(file, text, keys, changes);
  };
  show();
  const picked = await new Promise<Item | undefined>((resolve) => {
    pick.onDidTriggerItemButton(({ item }) => {
      changes.delete(item.key?.key ?? '');
      show();
    });
    pick.onDidAccept(() => resolve(pick.selectedItems[0]));
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  pick.dispose();
  return picked;
}

function itemsOf(file: vscode.Uri, text: string, keys: readonly ChangeableKey[], changes: Changes): Item[] {
  const { values } = applied(text, file.fsPath, new Map());
  const count = changes.size;
  const run: Item = {
    label: '$(play) Run',
    description: count === 0 ? 'as it is' : `with ${count} ${count === 1 ? 'change' : 'changes'}`,
    alwaysShow: true,
  };
  const changed = keys.filter(({ key }) => changes.has(key));
  const others = keys.filter(({ key }) => !changes.has(key));
  return [
    run,
    ...(changed.length === 0 ? [] : [separator('changed')]),
    ...changed.map((key) => ({
      label: key.key,
      description: `${changes.get(key.key) ?? ''}  (file: ${valueOf(values, key.key) || 'none'})`,
      detail: key.description,
      buttons: [FORGET],
      key,
    })),
    separator('keys'),
    ...others.map((key) => ({
      label: key.key,
      description: valueOf(values, key.key),
      detail: key.description,
      key,
    })),
  ];
}

function separator(label: string): Item {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

async function pickValue(
  file: vscode.Uri,
  text: string,
  { key, allowed, description, words }: ChangeableKey,
  changes: Changes,
): Promise<string | undefined> {
  const { values } = applied(text, file.fsPath, changes);
  const now = valueOf(values, key);
  const problem = (value: string): string | undefined =>
    problemOf(text, file.fsPath, new Map([...changes, [key, value.trim()]]), key);
  if (words.length > 0) {
    const items = words.map((label) => ({
      label,
      description: problem(label) ?? (label === now ? 'as it is now' : ''),
    }));
    const picked = await vscode.window.showQuickPick(items, { title: key, placeHolder: description });
    return picked?.label;
  }
  const typed = await vscode.window.showInputBox({
    title: key,
    value: changes.get(key) ?? now,
    prompt: `${description} (${allowed})`,
    validateInput: problem,
  });
  return typed?.trim();
}

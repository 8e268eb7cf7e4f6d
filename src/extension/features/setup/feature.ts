import * as vscode from 'vscode';
import { isRecord } from '../../../base/guards';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { requireTrust } from '../../trust';
import { formatBytes } from './rows';
import { SetupTree } from './tree';

/** Registers the setup view. */
export function registerSetup(services: Services): vscode.Disposable {
  const { commands, context } = services;
  const tree = new SetupTree(services);
  commands.add(COMMANDS.refreshSetup, () => tree.refresh());
  commands.add(COMMANDS.clearCache, async (row) => {
    requireTrust('Clearing a cache');
    await clearCache(services, row);
    tree.refresh();
  });
  commands.add(COMMANDS.openGpuHelp, async () => {
    const readme = vscode.Uri.joinPath(context.extensionUri, 'README.md').with({ fragment: 'devices' });
    await vscode.commands.executeCommand('markdown.showPreview', readme);
  });
  return vscode.Disposable.from(tree);
}

async function clearCache({ inspector }: Services, row: unknown): Promise<void> {
  const cache = isRecord(row) && isRecord(row.cache) ? row.cache : await pickCache(inspector);
  if (cache === undefined || typeof cache.kind !== 'string') return;
  const what = `Clear the cache ‘${String(cache.label)}’?`;
  const size = typeof cache.bytes === 'number' ? `It takes ${formatBytes(cache.bytes)}. ` : '';
  const detail = `${size}What is needed again is made again, which takes its time.`;
  const chosen = await vscode.window.showWarningMessage(what, { modal: true, detail }, 'Clear');
  if (chosen === undefined) return;
  const freed = await inspector.calls.clearCache(cache.kind);
  vscode.window.setStatusBarMessage(`$(trash) ${formatBytes(freed)} are free again`, 5000);
}

async function pickCache(inspector: Services['inspector']): Promise<Record<string, unknown> | undefined> {
  const { caches } = await inspector.calls.caches();
  const items = caches.map((cache) => ({
    label: cache.label,
    description: formatBytes(cache.bytes),
    cache,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Clear Cache' });
  return picked?.cache;
}

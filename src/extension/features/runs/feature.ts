import * as path from 'node:path';
import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { purgeTrash } from '../../../runs/trash';
import { CONTEXTS } from '../../ids';
import type { Services } from '../../services';
import { ContextKey } from '../../vscode/contextKey';
import { addDeleteCommand } from './deleteCommand';
import { addEditCommands } from './editCommands';
import { addExportCommand } from './exportCommand';
import { LogFollower } from './logFollower';
import { addOpenCommands } from './openCommands';
import { registerStoredConfig } from './storedConfig';
import { RunTargets } from './targets';
import { RunsTree } from './tree';
import { addViewCommands } from './viewCommands';
import { ViewState } from './viewState';

/** How long (ms) what was deleted can be put back. */
const KEEP_TRASH = 24 * 3_600_000;
/** When (ms) the trash is looked at: the start has other things to do. */
const PURGE_AFTER = 30_000;

/** Registers the run explorer, and the commands on runs that lead to no trainer. */
export function registerRuns(services: Services): vscode.Disposable {
  return vscode.Disposable.from(new RunsFeature(services));
}

class RunsFeature extends Owner {
  constructor(services: Services) {
    super();
    const { context, runs, selected, log } = services;
    const storage = context.storageUri ?? context.globalStorageUri;
    const state = this.register(new ViewState(context.workspaceState));
    const tree = this.register(new RunsTree(runs, state));
    selected.ask(() => tree.view.selection);
    this.register(tree.view.onDidChangeSelection(({ selection }) => selected.tell(selection)));
    const targets = new RunTargets(runs, selected);
    addViewCommands(services, state, tree);
    addEditCommands(services, targets);
    addOpenCommands(services, targets, this.register(new LogFollower()));
    addDeleteCommand(services, targets);
    addExportCommand(services, targets);
    this.register(registerStoredConfig());
    const hasRuns = new ContextKey(CONTEXTS.hasRuns);
    const filtered = new ContextKey(CONTEXTS.filtered);
    this.register(runs.onDidChange(() => hasRuns.set(runs.runs.length > 0)));
    const setFiltered = (): void => filtered.set(state.options.filter !== '');
    this.register(state.onDidChange(setFiltered));
    setFiltered();
    const purge = setTimeout(() => {
      for (const root of runs.roots) {
        purgeTrash(root, KEEP_TRASH).catch((thrown: unknown) => {
          log.warn(`runs: the trash of ${root} cannot be emptied: ${toError(thrown).message}`);
        });
      }
    }, PURGE_AFTER);
    this.register(new vscode.Disposable(() => clearTimeout(purge)));
    // VS Code waits for what activates, and no longer: the first look at the settings and the folders comes after it.
    const start = setImmediate(() => runs.start(path.join(storage.fsPath, 'runs.jsonl')));
    this.register(new vscode.Disposable(() => clearImmediate(start)));
  }
}

import * as path from 'node:path';
import * as vscode from 'vscode';
import { Owner, Slot } from '../../../base/disposable';
import { toError } from '../../../base/errors';
import { EXPERIMENT_GLOB } from '../../ids';
import type { Log } from '../../log';
import type { Settings } from '../../settings';
import { findExperiments } from '../../vscode/experiments';
import type { Place } from './arrange';
import { collectRoots } from './collectRoots';
import { Throttle } from './throttle';

/** How often (ms) the workspace is searched for experiment files at most. */
const SEARCH_EVERY = 2000;

/** Who is told. */
interface Heard {
  readonly roots: (roots: readonly string[]) => Promise<void>;
  /** A run folder has come, or has changed: a hint only. */
  readonly touched: (folder: string) => Promise<void>;
}

/** The folders of the workspace, as they are shown. */
export function workspacePlaces(): readonly Place[] {
  return (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({ name, path: uri.fsPath }));
}

/** Tells which folders of the workspace may hold runs, as folders, settings and experiment files come and go. */
export class WorkspaceRoots extends Owner {
  readonly #watching = this.register(new Slot<vscode.Disposable>());
  readonly #search = this.register(new Throttle(SEARCH_EVERY, () => void this.search()));

  constructor(
    private readonly settings: Settings,
    private readonly log: Log,
    private readonly heard: Heard,
  ) {
    super();
    const experiments = this.register(
      vscode.workspace.createFileSystemWatcher(EXPERIMENT_GLOB, false, true, false),
    );
    const search = (): void => this.#search.ask();
    this.register(experiments.onDidCreate(search));
    this.register(experiments.onDidDelete(search));
    this.register(vscode.workspace.onDidChangeWorkspaceFolders(search));
    this.register(settings.onDidChange(search));
    search();
  }

  /** The folders that the settings name are known at once; searching for experiment files takes its time. */
  private async search(): Promise<void> {
    const named = (vscode.workspace.workspaceFolders ?? []).map((folder) => this.settings.runsFolder(folder));
    try {
      if (this.#watching.value === undefined) await this.heard.roots(named);
      const files = await findExperiments();
      const roots = collectRoots(
        named,
        files.map(({ fsPath }) => fsPath),
      );
      if (this.disposed) return;
      this.#watching.value = this.watch(roots);
      await this.heard.roots(roots);
    } catch (thrown) {
      this.log.error(`runs: ${toError(thrown).message}`);
    }
  }

  /** Only the entries of each root are watched: ten thousand folders would use up the system's watches. */
  private watch(roots: readonly string[]): vscode.Disposable {
    return vscode.Disposable.from(
      ...roots.map((root) => {
        const watcher = vscode.workspace.createFileSystemWatcher(
          new vscode.RelativePattern(vscode.Uri.file(root), '*'),
        );
        const touched = ({ fsPath }: vscode.Uri): void => {
          void this.heard.touched(path.normalize(fsPath)).catch((thrown: unknown) => {
            this.log.warn(`runs: ${toError(thrown).message}`);
          });
        };
        return vscode.Disposable.from(watcher, watcher.onDidCreate(touched), watcher.onDidDelete(touched));
      }),
    );
  }
}

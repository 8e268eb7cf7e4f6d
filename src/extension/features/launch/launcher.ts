import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import { EigenloomError, RunError } from '../../../base/errors';
import type * as newRun from '../../../launch/newRun';
import { launchTrainer, type TrainerEnd } from '../../../launch/trainerProcess';
import type { RunPaths } from '../../../runs/folder';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { requireTrust } from '../../trust';
import { runsFolderOf, saveIfDirty } from './experimentFile';
import { passesPreflight } from './preflight';

/** A trainer that this window started has ended. */
export interface LaunchedEnd {
  readonly folder: string;
  readonly end: TrainerEnd;
}

/** Starts trainers. They outlive this window: what is kept here is only for telling how they ended. */
export class Launcher extends Owner {
  readonly #started = this.register(new Emitter<string>());
  /** The run folder of a trainer that this window has started. */
  readonly onDidStart = this.#started.event;
  readonly #ended = this.register(new Emitter<LaunchedEnd>());
  readonly onDidEnd = this.#ended.event;

  constructor(private readonly services: Services) {
    super();
  }

  /** Runs an experiment file as it lies on the disk, with `--set` overrides on top. */
  async run(file: vscode.Uri, overrides: readonly string[] = []): Promise<void> {
    requireTrust('Running an experiment');
    if (!(await saveIfDirty(file))) {
      throw new RunError({
        what: 'the experiment could not be saved, and what runs is what lies on the disk',
        file: file.fsPath,
        remedy: 'Save it, then run it.',
      });
    }
    if (!(await passesPreflight(this.services, file.fsPath, overrides))) return;
    const root = runsFolderOf(file, this.services.settings);
    const { queueRun } = await loadNewRun();
    const { paths } = await made(root, () => queueRun(file.fsPath, overrides, root));
    await this.start(paths);
  }

  /** Runs a run's copy of its experiment: the file itself says something else by now. */
  async runCopy(folder: string, source: string): Promise<void> {
    requireTrust('Running an experiment');
    const root = runsFolderOf(vscode.Uri.file(source), this.services.settings);
    const { queueCopy } = await loadNewRun();
    const { paths } = await made(root, () => queueCopy(folder, root));
    await this.start(paths);
  }

  /** Goes on with a run from its latest checkpoint. */
  async resume(folder: string): Promise<void> {
    requireTrust('Resuming a run');
    const { readResumable } = await loadNewRun();
    const { paths, status } = readResumable(folder);
    if (status === 'done') {
      throw new RunError({ what: 'the run is done', remedy: 'Run it again, or change its experiment.' });
    }
    await this.start(paths);
  }

  private async start(paths: RunPaths): Promise<void> {
    const { runs, settings } = this.services;
    const { folder } = paths;
    const trainer = await launchTrainer(paths, { cache: settings.cacheFolder(), givesWay: true });
    this.#started.fire(folder);
    void trainer.ended.then((end) => this.#ended.fire({ folder, end }));
    await runs.awaitTrainer(folder);
    if (settings.showCurvesOnRun()) {
      await vscode.commands.executeCommand(COMMANDS.showCurves, { folder });
    }
  }
}

/** What reads experiments is loaded when it is needed: the parsers take their time. */
function loadNewRun(): Promise<typeof newRun> {
  return import('../../../launch/newRun');
}

/** Makes a run folder; where the runs cannot lie there, says what to do about it. */
async function made(root: string, make: () => Promise<newRun.NewRun>): Promise<newRun.NewRun> {
  try {
    return await make();
  } catch (thrown) {
    if (!(thrown instanceof EigenloomError) || thrown.kind !== 'run') throw thrown;
    throw new RunError(
      {
        ...thrown.facts,
        file: root,
        remedy: 'Set eigenloom.runsFolder to a folder that can be written, with space on its disk.',
      },
      { cause: thrown },
    );
  }
}

import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { requireTrust } from '../../trust';
import { isActive, isResumable } from '../../../runs/survey/summary';
import { RunTargets } from '../runs/targets';
import { experimentFile, saveIfDirty } from './experimentFile';
import { Launcher } from './launcher';
import { Notifier } from './notifier';
import { resumeLast, runAgain } from './resuming';
import { addSampleCommands } from './sample';
import { Stopping } from './stopping';

/** Registers what makes experiments and runs them. */
export function registerLaunch(services: Services): vscode.Disposable {
  return vscode.Disposable.from(new LaunchFeature(services));
}

class LaunchFeature extends Owner {
  constructor(services: Services) {
    super();
    const launcher = this.register(new Launcher(services));
    const stopping = this.register(new Stopping(services));
    this.register(new Notifier(services, launcher, stopping));
    addRunCommands(services, launcher);
    addControlCommands(services, launcher, stopping);
    addNewExperiment(services);
    addSampleCommands(services);
  }
}

function addRunCommands({ commands, context }: Services, launcher: Launcher): void {
  commands.add(COMMANDS.run, async (...args) => {
    requireTrust('Running an experiment');
    const file = await experimentFile(args, 'Run Experiment');
    if (file !== undefined) await launcher.run(file);
  });
  commands.add(COMMANDS.runWithChanges, async (...args) => {
    requireTrust('Running an experiment');
    const file = await experimentFile(args, 'Run Experiment with Changes');
    if (file === undefined || !(await saveIfDirty(file))) return;
    const [{ decodeChanges, overridesOf }, { pickChanges }] = await Promise.all([
      import('./changes'),
      import('./changesPicker'),
    ]);
    const text = await fs.readFile(file.fsPath, 'utf8');
    const key = `launch.changes ${file.fsPath}`;
    const changes = await pickChanges(file, text, decodeChanges(context.workspaceState.get(key)));
    if (changes === undefined) return;
    const overrides = overridesOf(changes);
    await context.workspaceState.update(key, overrides.length === 0 ? undefined : overrides);
    await launcher.run(file, overrides);
  });
}

function addControlCommands(services: Services, launcher: Launcher, stopping: Stopping): void {
  const { commands, runs, selected } = services;
  const targets = new RunTargets(runs, selected);
  commands.add(COMMANDS.stop, async (...args) => {
    const active = runs.runs.filter(isActive);
    const [only] = active;
    // One that runs alone is what is meant.
    const chosen =
      args.length === 0 && active.length === 1 && only !== undefined
        ? [only]
        : await targets.many(args, { title: 'Stop Runs', none: 'no run is at work', fits: isActive });
    await stopping.stop(chosen);
  });
  commands.add(COMMANDS.resume, async (...args) => {
    const none = 'there is no run to resume';
    for (const { folder } of await targets.many(args, { title: 'Resume Runs', none, fits: isResumable })) {
      await launcher.resume(folder);
    }
  });
  commands.add(COMMANDS.resumeLast, (...args) => resumeLast(services, launcher, args));
  commands.add(COMMANDS.runAgain, async (...args) => {
    const none = 'there is no run here yet';
    for (const run of await targets.many(args, { title: 'Run Again', none })) await runAgain(launcher, run);
  });
}

function addNewExperiment(services: Services): void {
  services.commands.add(COMMANDS.newExperiment, async () => {
    requireTrust('Making an experiment');
    const { makeExperiment } = await import('./newExperiment/makeExperiment');
    await makeExperiment(services);
  });
}

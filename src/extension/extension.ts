import * as vscode from 'vscode';
import { Commands } from './commands';
import { COMMANDS } from './ids';
import { Inspector } from './process/inspector';
import { WeightSpectra } from './process/weightSpectra';
import { SelectedRuns } from './selectedRuns';
import { Settings } from './settings';
import type { Services } from './services';
import { RunsModel } from './features/runs/model';
import { registerCurves } from './features/curves/feature';
import { registerLateLanguage } from './features/language/late';
import { registerLens } from './features/lens/feature';
import { PlanSource } from './features/lens/planSource';
import { registerLaunch } from './features/launch/feature';
import { registerRuns } from './features/runs/feature';
import { registerSetup } from './features/setup/feature';
import { registerStatus } from './features/status/feature';
import { registerRanks } from './features/ranks/feature';
import { registerSpectra } from './features/spectra/feature';
import { registerTokens } from './features/tokens/feature';

/** The composition root: makes what features share, then lets each register itself. */
export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel('Eigenloom', { log: true });
  const settings = new Settings();
  const commands = new Commands(log);
  const inspector = new Inspector(log, () => settings.cacheFolder());
  // A process of its own, since it works for minutes: nobody waits behind it for a preview.
  const decomposer = new Inspector(log, () => settings.cacheFolder());
  const spectra = new WeightSpectra(decomposer);
  const runs = new RunsModel(settings, log, inspector);
  context.subscriptions.push(log, commands, inspector, decomposer, runs);
  const plans = new PlanSource();
  const selected = new SelectedRuns();
  const services: Services = {
    context,
    log,
    commands,
    settings,
    runs,
    selected,
    inspector,
    spectra,
    plans,
  };
  commands.add(COMMANDS.showLog, () => log.show());
  for (const register of [
    registerRuns,
    registerLaunch,
    registerCurves,
    registerLens,
    registerLateLanguage,
    registerTokens,
    registerSpectra,
    registerRanks,
    registerStatus,
    registerSetup,
  ]) {
    context.subscriptions.push(register(services));
  }
  log.info(`activated in ${Math.round(performance.now() - begun)} ms`);
}

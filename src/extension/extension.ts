import * as vscode from 'vscode';
import { Owner } from '../base/disposable';
import { Commands } from './commands';
import { COMMANDS } from './ids';
import { Inspector } from './process/inspector';
import { Settings } from './settings';
import type { Services } from './services';
import { RunsModel } from './features/runs/model';
import { registerCurves } from './features/curves/feature';
import { registerLens } from './features/lens/feature';
import { registerLaunch } from './features/launch/feature';
import { registerRuns } from './features/runs/feature';
import { registerSetup } from './features/setup/feature';
import { registerStatus } from './features/status/feature';
import { registerTokens } from './features/tokens/feature';
import { whenExperimentOpens } from './vscode/experiments';

/** The composition root: makes what features share, then lets each register itself. */
export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel('Eigenloom', { log: true });
  const settings = new Settings();
  const commands = new Commands(log);
  const inspector = new Inspector(log, () => settings.cacheFolder());
  const runs = new RunsModel(settings, log);
  context.subscriptions.push(log, commands, inspector, runs);
  const services: Services = { context, log, commands, settings, runs, inspector };
  commands.add(COMMANDS.showLog, () => log.show());
  for (const register of [
    registerRuns,
    registerLaunch,
    registerCurves,
    registerLens,
    registerTokens,
    registerStatus,
    registerSetup,
  ]) {
    context.subscriptions.push(register(services));
  }
  context.subscriptions.push(new LateLanguage(services));
  log.info(`activated in ${Math.round(performance.now() - begun)} ms`);
}

/**
 * The language of experiments, loaded when one is open: its parsers take longer to load than all the rest, and what
 * stands in the side bar does not need them.
 */
class LateLanguage extends Owner {
  constructor(services: Services) {
    super();
    this.register(whenExperimentOpens(() => void this.load(services)));
  }

  private async load(services: Services): Promise<void> {
    try {
      const { registerLanguage } = await import('./features/language/feature');
      this.register(registerLanguage(services));
    } catch (thrown) {
      await services.commands.show(thrown);
    }
  }
}

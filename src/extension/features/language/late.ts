import * as vscode from 'vscode';
import { Owner } from '../../../base/disposable';
import type { Services } from '../../services';
import { whenExperimentOpens } from '../../vscode/experiments';

/**
 * The language of experiments, loaded when one is open: its parsers take longer to load than all the rest, and what
 * stands in the side bar does not need them.
 */
export function registerLateLanguage(services: Services): vscode.Disposable {
  return vscode.Disposable.from(new LateLanguage(services));
}

class LateLanguage extends Owner {
  constructor(services: Services) {
    super();
    this.register(whenExperimentOpens(() => void this.load(services)));
  }

  private async load(services: Services): Promise<void> {
    try {
      const { registerLanguage } = await import('./feature');
      this.register(registerLanguage(services));
    } catch (thrown) {
      await services.commands.show(thrown);
    }
  }
}

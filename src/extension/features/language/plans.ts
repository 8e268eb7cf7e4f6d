import type * as vscode from 'vscode';
import { disposable, Owner } from '../../../base/disposable';
import type { Estimates } from '../inline/estimates';
import type { Outlooks } from '../inline/outlooks';
import type { Lens } from '../lens/lens';
import { planLens } from '../lens/planLens';
import type { PlanSource } from '../lens/planSource';

/** Tells the line above an experiment what its run would come to. */
export class Plans extends Owner {
  constructor(
    plans: PlanSource,
    private readonly outlooks: Outlooks,
    private readonly estimates: Estimates,
  ) {
    super();
    plans.source = (document) => this.of(document);
    this.register(outlooks.onDidChange(() => plans.changed()));
    this.register(estimates.onDidChange(() => plans.changed()));
    this.register(
      disposable(() => {
        plans.source = () => undefined;
      }),
    );
  }

  private of(document: vscode.TextDocument): Lens | undefined {
    const look = this.outlooks.of(document);
    if (look === undefined) return undefined;
    const { outlook, parameters } = look;
    return planLens({
      trainable: outlook?.trainable ?? parameters,
      bytes: outlook?.adapterBytes ?? 4 * parameters,
      full: outlook === undefined,
      settled: outlook?.settled ?? true,
      estimate: this.estimates.of(document.uri.fsPath)?.estimate,
    });
  }
}

import type * as vscode from 'vscode';
import { Emitter } from '../../../base/emitter';
import type { Lens } from './lens';

/** Tells what a run of an open experiment would come to; undefined where nothing can be told. */
type PlanOf = (document: vscode.TextDocument) => Lens | undefined;

/**
 * Where the line above an experiment has its plan from: the language of experiments, which is loaded after the line is
 * there.
 */
export class PlanSource {
  readonly #changed = new Emitter<void>();
  #of: PlanOf = () => undefined;

  /** Tells that a plan may have changed. */
  readonly onDidChange = this.#changed.event;

  of(document: vscode.TextDocument): Lens | undefined {
    return this.#of(document);
  }

  /** Says who tells the plans from now on. */
  set source(of: PlanOf) {
    this.#of = of;
    this.changed();
  }

  changed(): void {
    this.#changed.fire();
  }
}

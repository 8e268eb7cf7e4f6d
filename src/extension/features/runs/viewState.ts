import type * as vscode from 'vscode';
import { Emitter } from '../../../base/emitter';
import { Owner } from '../../../base/disposable';
import { decodeViewOptions, type ViewOptions } from './view';

/** Where the workspace's state keeps each option. */
const KEYS = { filter: 'runs.filter', grouping: 'runs.grouping', order: 'runs.order' } as const;

/** How the runs are shown, remembered for the workspace. */
export class ViewState extends Owner {
  readonly #changed = this.register(new Emitter<void>());
  readonly onDidChange = this.#changed.event;
  #options: ViewOptions;

  constructor(private readonly memory: vscode.Memento) {
    super();
    this.#options = decodeViewOptions({
      filter: memory.get(KEYS.filter),
      grouping: memory.get(KEYS.grouping),
      order: memory.get(KEYS.order),
    });
  }

  get options(): ViewOptions {
    return this.#options;
  }

  /** Shows a filter without remembering it: the user is still typing. */
  preview(filter: string): void {
    if (filter === this.#options.filter) return;
    this.#options = { ...this.#options, filter };
    this.#changed.fire();
  }

  async set(change: Partial<ViewOptions>): Promise<void> {
    this.#options = { ...this.#options, ...change };
    this.#changed.fire();
    for (const key of ['filter', 'grouping', 'order'] as const) {
      if (change[key] !== undefined) await this.memory.update(KEYS[key], change[key]);
    }
  }
}

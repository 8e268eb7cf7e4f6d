import * as vscode from 'vscode';
import type { CONTEXTS } from '../ids';

/** A key that `when` clauses ask for; told to VS Code only when it changes. */
export class ContextKey {
  #value: boolean | undefined;

  constructor(private readonly name: (typeof CONTEXTS)[keyof typeof CONTEXTS]) {}

  set(value: boolean): void {
    if (value === this.#value) return;
    this.#value = value;
    void vscode.commands.executeCommand('setContext', this.name, value);
  }
}

import * as vscode from 'vscode';
import type { Services } from '../../services';
import { EXPERIMENTS } from '../../vscode/experiments';
import { CodeLensProvider } from './codeLens';

/** The line above an experiment: run it, how far it is, the best result, what it would take. */
export function registerLens(services: Services): vscode.Disposable {
  const lenses = new CodeLensProvider(services);
  return vscode.Disposable.from(lenses, vscode.languages.registerCodeLensProvider(EXPERIMENTS, lenses));
}

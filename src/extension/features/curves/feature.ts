import * as vscode from 'vscode';
import type { Services } from '../../services';
import { addCurvesCommands } from './commands';
import { CurvesPanels } from './panels';

/** Registers the live curves: a panel beside the experiment that shows its runs as they go. */
export function registerCurves(services: Services): vscode.Disposable {
  const panels = new CurvesPanels(services);
  addCurvesCommands(services, panels);
  return vscode.Disposable.from(panels);
}

import type * as vscode from 'vscode';
import type { Commands } from './commands';
import type { PlanSource } from './features/lens/planSource';
import type { RunsModel } from './features/runs/model';
import type { Log } from './log';
import type { Inspector } from './process/inspector';
import type { WeightSpectra } from './process/weightSpectra';
import type { SelectedRuns } from './selectedRuns';
import type { Settings } from './settings';

/** What every feature may use; `activate` makes it. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly commands: Commands;
  readonly settings: Settings;
  /** The runs of all workspace folders. */
  readonly runs: RunsModel;
  /** Those of them that are selected in the explorer. */
  readonly selected: SelectedRuns;
  /** The child process that reads models and data, and asks onnxruntime; started when first asked. */
  readonly inspector: Inspector;
  /** The spectra of models' weights. */
  readonly spectra: WeightSpectra;
  /** What runs of the open experiments would come to. */
  readonly plans: PlanSource;
}

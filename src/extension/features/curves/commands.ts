import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import type { CurvesList } from '../../../protocol/panels/curves';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { isExperimentFile } from '../../vscode/experiments';
import { addRuns, listOfRuns, listOfSource } from './list';
import { pickRuns } from './pick';
import type { CurvesPanels } from './panels';

/** Registers what opens the panel, and what adds to it. */
export function addCurvesCommands({ commands, runs, selected }: Services, panels: CurvesPanels): void {
  commands.add(COMMANDS.showCurves, (...args) =>
    panels.show(listFor(selected.namedBy(args), args, runs.runs[0])),
  );
  commands.add(COMMANDS.addToCurves, async (...args) => {
    const named = selected.namedBy(args);
    const folders = named.length > 0 ? named : await pickRuns(runs.runs);
    if (folders.length === 0) return;
    await panels.show(panels.list === undefined ? listOfRuns(folders) : addRuns(panels.list, folders));
  });
}

/** What is to be shown: the runs or the experiment that are named, else the active experiment, else the newest run's. */
function listFor(
  folders: readonly string[],
  args: readonly unknown[],
  newest: { source: string; folder: string } | undefined,
): CurvesList {
  if (folders.length > 0) return listOfRuns(folders);
  const [named] = args;
  const file = named instanceof vscode.Uri ? named : vscode.window.activeTextEditor?.document.uri;
  if (file !== undefined && isExperimentFile(file.fsPath)) return listOfSource(file.fsPath);
  if (newest === undefined) {
    throw new InputError({
      what: 'there is no run to show curves of',
      remedy: 'Open an experiment file (*.tune.yaml) and run it.',
    });
  }
  return newest.source === '' ? listOfRuns([newest.folder]) : listOfSource(newest.source);
}

import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../ids';
import type { Services } from '../../services';
import { namedSubject, SubjectPanels } from '../../vscode/subjectPanels';
import type { RanksPanel } from './panel';

/** Registers the board of ranks. What it is made of is loaded with the first one. */
export function registerRanks(services: Services): vscode.Disposable {
  const panels = new SubjectPanels<RanksPanel>(PANELS.ranks, 'Ranks', services, async () => {
    const [{ RanksPanel: Panel }, { BoardSource }, { decodeSavedRanks }] = await Promise.all([
      import('./panel'),
      import('./boardSource'),
      import('../../../protocol/panels/ranks'),
    ]);
    const source = new BoardSource(services.inspector, services.spectra, services.runs, services.log);
    return {
      adopt: (panel) => new Panel(services, source, panel),
      subjectOf: (state) => decodeSavedRanks(state)?.subject,
    };
  });
  services.commands.add(COMMANDS.showRanks, (...args) => panels.show(namedSubject(args, services.selected)));
  return vscode.Disposable.from(panels);
}

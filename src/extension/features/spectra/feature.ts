import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../ids';
import type { Services } from '../../services';
import { namedSubject, SubjectPanels } from '../../vscode/subjectPanels';
import type { SpectraPanel } from './panel';

/** Registers the panel of spectra. What it is made of is loaded with the first one. */
export function registerSpectra(services: Services): vscode.Disposable {
  const panels = new SubjectPanels<SpectraPanel>(PANELS.spectra, 'Spectra', services, async () => {
    const [{ SpectraPanel: Panel }, { WeightsSource }, { RecordedRuns }, { decodeSavedSpectra }] =
      await Promise.all([
        import('./panel'),
        import('./weightsSource'),
        import('./recordedRuns'),
        import('../../../protocol/panels/spectra'),
      ]);
    const sources = {
      source: new WeightsSource(services.inspector, services.spectra),
      training: new RecordedRuns(services.runs, services.spectra),
    };
    return {
      adopt: (panel, state) => new Panel(services, sources, panel, state),
      subjectOf: (state) => decodeSavedSpectra(state)?.subject,
    };
  });
  services.commands.add(COMMANDS.showSpectra, (...args) =>
    panels.show(namedSubject(args, services.selected)),
  );
  return vscode.Disposable.from(panels);
}

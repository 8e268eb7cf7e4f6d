import * as vscode from 'vscode';
import { COMMANDS, PANELS } from '../../ids';
import type { Services } from '../../services';
import { namedSubject, SubjectPanels } from '../../vscode/subjectPanels';
import type { SpectraPanel } from './panel';

/** Registers the panel of spectra. What it is made of is loaded with the first one. */
export function registerSpectra(services: Services): vscode.Disposable {
  const panels = new SubjectPanels<SpectraPanel>(
    PANELS.spectra,
    async () => {
      const [{ SpectraPanel: Panel }, { WeightsSource }, { decodeSavedSpectra }] = await Promise.all([
        import('./panel'),
        import('./weightsSource'),
        import('../../../protocol/panels/spectra'),
      ]);
      const source = new WeightsSource(services.inspector, services.spectra);
      return {
        open: () => Panel.open(services, source),
        restore: (panel) => new Panel(services, source, panel),
        subjectOf: (state) => decodeSavedSpectra(state)?.subject,
      };
    },
    services.log,
  );
  services.commands.add(COMMANDS.showSpectra, (...args) => panels.show(namedSubject(args)));
  return vscode.Disposable.from(panels);
}

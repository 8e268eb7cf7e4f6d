import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { SubjectPanels } from '../../vscode/subjectPanels';
import type { SpectraPanel } from './panel';
import type { SpectraSource } from './source';

/** The one panel of spectra. What it is made of is loaded with the first one. */
export function spectraPanels(services: Services, source: SpectraSource): SubjectPanels<SpectraPanel> {
  return new SubjectPanels(
    PANELS.spectra,
    async () => {
      const [{ SpectraPanel: Panel }, { decodeSavedSpectra }] = await Promise.all([
        import('./panel'),
        import('../../../protocol/panels/spectra'),
      ]);
      return {
        open: () => Panel.open(services, source),
        restore: (panel) => new Panel(services, source, panel),
        subjectOf: (state) => decodeSavedSpectra(state)?.subject,
      };
    },
    services.log,
  );
}

import { PANELS } from '../../ids';
import type { Services } from '../../services';
import { SubjectPanels } from '../../vscode/subjectPanels';
import type { RanksPanel } from './panel';
import type { RanksSource } from './source';

/** The one board of ranks. What it is made of is loaded with the first one. */
export function ranksPanels(services: Services, source: RanksSource): SubjectPanels<RanksPanel> {
  return new SubjectPanels(
    PANELS.ranks,
    async () => {
      const [{ RanksPanel: Panel }, { decodeSavedRanks }] = await Promise.all([
        import('./panel'),
        import('../../../protocol/panels/ranks'),
      ]);
      return {
        open: () => Panel.open(services, source),
        restore: (panel) => new Panel(services, source, panel),
        subjectOf: (state) => decodeSavedRanks(state)?.subject,
      };
    },
    services.log,
  );
}

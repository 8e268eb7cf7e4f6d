import type * as vscode from 'vscode';
import {
  decodeSavedSpectra,
  spectraHostApi,
  spectraPanelApi,
  type SpectraPatch,
} from '../../../protocol/panels/spectra';
import type { Services } from '../../services';
import { SubjectPage } from '../../vscode/subjectPage';
import { changeExperiment } from '../language/change';
import { spectraCsv } from './csv';
import { pickModel } from './pickModel';
import { SpectraSession } from './session';
import type { SpectraSource, TrainingSource } from './source';

/** The panel of spectra: a page, and the session that feeds it. */
export class SpectraPanel extends SubjectPage<SpectraSession, SpectraPatch> {
  /** `state` is what the page had written down, where VS Code brings the panel back. */
  constructor(
    services: Services,
    sources: { readonly source: SpectraSource; readonly training: TrainingSource },
    panel: vscode.WebviewPanel,
    state: unknown,
  ) {
    super(services, panel, 'spectra', (port) => new SpectraSession({ ...port, ...sources }));
    const { session } = this;
    session.compare(decodeSavedSpectra(state)?.compared);
    this.open({
      own: spectraHostApi,
      handlers: {
        ...this.common,
        ready: () => Promise.resolve(session.snapshot),
        setRank: async (rank) => {
          const { subject } = session;
          if (subject?.kind !== 'experiment') return;
          await changeExperiment(subject.path, [{ path: ['adapter', 'rank'], value: String(rank) }]);
        },
        showStep: (step) => {
          session.showStep(step);
          return Promise.resolve();
        },
        compare: async () => {
          const model = await pickModel('Compare with a Model', session.model);
          if (model !== undefined) session.compare(model);
        },
        endComparison: () => {
          session.compare(undefined);
          return Promise.resolve();
        },
        saveSvg: (text) => this.save('svg', () => text),
        savePng: (bytes) => this.save('png', () => bytes),
        saveCsv: (table) => this.save('csv', () => spectraCsv(session.snapshot, table)),
      },
      remote: spectraPanelApi,
      tell: (page, patch) => page.patch(patch),
    });
  }
}

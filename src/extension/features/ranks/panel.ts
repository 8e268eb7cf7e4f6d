import type * as vscode from 'vscode';
import { ranksHostApi, ranksPanelApi, type RanksView } from '../../../protocol/panels/ranks';
import type { Services } from '../../services';
import { SubjectPage } from '../../vscode/subjectPage';
import { changeExperiment } from '../language/change';
import { RanksSession } from './session';
import type { RanksSource } from './source';

/** The board of ranks: a page, and the session that feeds it. */
export class RanksPanel extends SubjectPage<RanksSession, RanksView> {
  constructor(services: Services, source: RanksSource, panel: vscode.WebviewPanel) {
    super(services, panel, 'ranks', (port) => new RanksSession({ ...port, source }));
    const { session } = this;
    this.open({
      own: ranksHostApi,
      handlers: {
        ...this.common,
        ready: () => Promise.resolve(session.view),
        plan: async (request) => Promise.resolve(session.plan(request)),
        apply: async (request) => {
          const { subject } = session;
          if (subject?.kind === 'experiment') await changeExperiment(subject.path, session.changes(request));
        },
        saveSvg: (text) => this.save('svg', () => text),
        savePng: (bytes) => this.save('png', () => bytes),
        saveCsv: (request) => this.save('csv', () => session.csv(request)),
      },
      remote: ranksPanelApi,
      tell: (page, view) => page.show(view),
      // What keeps a plan from being made stands on the page.
      quiet: ['plan'],
    });
  }
}

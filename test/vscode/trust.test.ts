import { beforeAll, describe, expect, it } from 'vitest';
import { processesOf } from './support/processes';
import { runsIn } from './support/runFolders';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { webview } from './support/webviews';
import type { Workbench } from './support/workbench';

describe('a workspace that is not trusted', () => {
  const opened = useSession({
    trusted: false,
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      runInTerminal(folder, TINY);
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
  });

  it('shows its runs', async () => {
    await workbench.runs(/loss \d\.\d/u).waitFor();
  });

  it('shows their curves', async () => {
    await workbench.select(workbench.runs(/loss \d\.\d/u));
    const page = await webview(workbench.page, 'Curves');
    await until('a curve', async () => (await page.locator('canvas').count()) > 0);
  });

  it('says in the setup view that it must be trusted', async () => {
    await workbench.command('Eigenloom: Focus on Setup View');
    await workbench.view('Setup').getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
    await workbench.picture('untrusted');
  });

  it('offers nothing that would train', async () => {
    await workbench.openFile(TINY);
    await until('what only looks', () => workbench.offers('Eigenloom: Show Curves'));
    for (const title of ['Run Experiment', 'Resume Run', 'Run Again', 'Preview Tokens']) {
      expect(await workbench.offers(`Eigenloom: ${title}`), title).toBe(false);
    }
  });

  it('starts no process of ours', () => {
    expect(processesOf(session.id).filter(({ command }) => command.includes('trainer.js'))).toEqual([]);
    expect(runsIn(session.workspace)).toHaveLength(1);
  });
});

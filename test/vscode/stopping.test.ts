import { beforeAll, describe, expect, it } from 'vitest';
import { trainersOf } from './support/processes';
import { madeBy, type RunFolder } from './support/runFolders';
import { LONG } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const STOP = 'Eigenloom: Stop Run';

describe('a trainer that does not answer', () => {
  const opened = useSession();
  let session: Session;
  let workbench: Workbench;
  let run: RunFolder;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.openFile(LONG);
    run = await madeBy(session.workspace, () => workbench.command('Eigenloom: Run Experiment'));
    await run.advances(2);
    process.kill(run.pid, 'SIGSTOP');
    await workbench.showRuns();
  });

  it('is offered to be ended when it is told to stop again', async () => {
    await workbench.command(STOP);
    await workbench.command(STOP);
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'has not stopped yet' });
    await dialog.waitFor();
    await workbench.picture('stop-again');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(trainersOf(session.id)).toHaveLength(1);
  });

  it('is offered to be ended when it has not stopped after a while, and is ended then', async () => {
    await workbench.notification(/‘long’ has not stopped yet/u);
    await workbench.picture('stop-takes-long');
    await workbench.notification(/‘long’ has not stopped yet/u, 'End at Once');
    await until('its trainer to be gone', () => trainersOf(session.id).length === 0);
    const row = workbench.view('Runs').locator('.monaco-list-row[aria-label*="interrupted"]');
    await row.first().waitFor();
  });

  it('has thrown no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

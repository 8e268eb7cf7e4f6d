import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { extensionHostsOf, processesOf, trainersOf } from './support/processes';
import { madeBy, type RunFolder } from './support/runFolders';
import { LONG } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { webview } from './support/webviews';
import type { Workbench } from './support/workbench';

/** How long (ms) the window is waited for, which beside a trainer is slow to draw. */
const SLOW = 120_000;

describe('a run at work', () => {
  const opened = useSession();
  let session: Session;
  let workbench: Workbench;
  let run: RunFolder;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
    await workbench.openFile(LONG);
    run = await madeBy(session.workspace, () => workbench.command('Eigenloom: Run Experiment'));
    await run.advances(5);
  });

  const stoppedRow = (): Locator =>
    workbench.view('Runs').locator('.monaco-list-row[aria-level="2"][aria-label*="stopped"]');

  /** Waits until the tree shows a step that is further than now. */
  async function liveInTree(): Promise<void> {
    const from = run.steps.at(-1) ?? 0;
    await until(
      'the tree to show a later step',
      async () => {
        const text =
          (await workbench
            .rows('Runs', /step \d/u)
            .first()
            .textContent()) ?? '';
        return Number(/step (\d+)/u.exec(text.replaceAll(',', ''))?.[1]) > from;
      },
      SLOW,
    );
  }

  it('is shown live in the tree and in the status bar', async () => {
    await liveInTree();
    await workbench.page.locator('.statusbar-item', { hasText: /step \d/u }).waitFor();
    await workbench.picture('run-at-work');
  });

  it('is shown live above its experiment', async () => {
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: /step \d+\/100000 · loss/u });
    await lens.first().waitFor();
  });

  it('draws a curve that grows', async () => {
    const page = await webview(workbench.page, 'Curves');
    const shown = async (): Promise<number> => {
      const step = /Step ([\d,]+) of/u.exec(await page.locator('body').innerText())?.[1];
      return Number(step?.replaceAll(',', ''));
    };
    const before = await until('a step in the panel', async () => (await shown()) || undefined);
    await until('a later step in the panel', async () => (await shown()) > before);
  });

  it('is there and live after a reload, with no step lost', async () => {
    await workbench.reload();
    await workbench.showRuns();
    await liveInTree();
    await webview(workbench.page, 'Curves');
    expect(run.status).toBe('running');
    expect(run.unbroken).toBe(true);
  });

  it('stops with a checkpoint when it is told to', async () => {
    await workbench.command('Eigenloom: Stop Run');
    await run.reaches('stopped');
    await until('its trainer to be gone', () => trainersOf(session.id).length === 0);
    await stoppedRow().waitFor();
  });

  it('goes on from there, with no step lost', async () => {
    const at = run.steps.length;
    await stoppedRow().click();
    await workbench.command('Eigenloom: Resume Run');
    await workbench.pick('long');
    await until('later steps', () => run.steps.length > at);
    expect(run.unbroken).toBe(true);
    await liveInTree();
  });

  it('goes on when the extension host is killed', async () => {
    const { pid } = run;
    for (const host of extensionHostsOf(session.id)) process.kill(host.pid, 'SIGKILL');
    await run.advances(10);
    expect(trainersOf(session.id).map((trainer) => trainer.pid)).toEqual([pid]);
    // VS Code starts another by itself.
    await liveInTree();
    expect(run.unbroken).toBe(true);
  });

  it('leaves nothing behind when it has been stopped', async () => {
    await workbench.page.locator('.codelens-decoration a', { hasText: /Stop$/u }).first().click();
    await run.reaches('stopped');
    await session.browser.close();
    await session.server.stop();
    const left = (): string[] => processesOf(session.id).map(({ command }) => command.slice(-160));
    await until('every process to be gone', () => left().length === 0).catch(() => undefined);
    expect(left()).toEqual([]);
  });

  it('has broken no policy and thrown no error', () => {
    // That the extension host was killed is told by VS Code itself.
    const ours = session.complaints.ours().filter(({ text }) => !text.includes('terminated unexpectedly'));
    expect(ours).toEqual([]);
  });
});

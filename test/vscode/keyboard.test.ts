import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeBy, type RunFolder, runsIn } from './support/runFolders';
import { TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { findWebview, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const CURVES = 'Curves';

describe('without a mouse', () => {
  const opened = useSession();
  let session: Session;
  let workbench: Workbench;
  let run: RunFolder;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  /** What has been added to the run by its user. */
  const notes = (): { name?: string; star?: boolean } =>
    JSON.parse(readFileSync(join(run.folder, 'user.json'), 'utf8')) as { name?: string; star?: boolean };

  /** Presses Tab in the curves until an element has the focus. */
  async function tabTo(selector: string): Promise<void> {
    const page = await webview(workbench.page, CURVES);
    for (let turn = 0; turn < 40; turn++) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
      await workbench.press('Tab');
    }
    throw new Error(`no Tab leads to ${selector}`);
  }

  it('an experiment is run', async () => {
    await workbench.openFile(TINY);
    run = await madeBy(session.workspace, () => workbench.command('Eigenloom: Run Experiment'));
    await run.reaches('done');
    await workbench.notification(/done/u);
    await workbench.quiet();
  });

  it('the runs are reached, and one of them is chosen', async () => {
    await workbench.command('View: Close All Editors');
    await workbench.showRuns();
    await workbench.runs('tiny').waitFor();
    await workbench.focusRun(/tiny, done/u);
  });

  it('its curves are opened by Enter', async () => {
    expect(await findWebview(workbench.page, CURVES)).toBe(undefined);
    await workbench.press('Enter');
    const page = await webview(workbench.page, CURVES);
    await until('a curve', async () => (await page.locator('canvas').count()) > 0);
  });

  it('it is renamed by F2', async () => {
    await workbench.command('Eigenloom: Focus on Runs View');
    await workbench.press('F2');
    await workbench.answer('white whale');
    await workbench.runs('white whale').waitFor();
    expect(notes().name).toBe('white whale');
  });

  it('it is starred from its menu', async () => {
    await workbench.command('Eigenloom: Focus on Runs View');
    await workbench.menuByKeys('Star Run');
    await workbench.runs('★').waitFor();
    expect(notes().star).toBe(true);
  });

  it('it is deleted, and brought back', async () => {
    await workbench.command('Eigenloom: Focus on Runs View');
    await workbench.press('Delete');
    await until('none on the disk', () => runsIn(session.workspace).length === 0);
    await workbench.notification(/deleted/u);
    await workbench.command('Notifications: Accept Notification Primary Action');
    await until('it on the disk', () => runsIn(session.workspace).length === 1);
    await workbench.runs('white whale').waitFor();
  });

  it('the curves are walked through, and changed', async () => {
    await workbench.command('View: Close All Editors');
    await workbench.openFile(TINY);
    await workbench.command('Eigenloom: Show Curves');
    const page = await webview(workbench.page, CURVES);
    await page.locator('.legend-row').first().waitFor();
    await workbench.press('Control+2');
    await tabTo('#smoothing');
    const smoothing = page.locator('output[for="smoothing"]');
    const before = Number(await smoothing.textContent());
    await workbench.press('ArrowLeft', 'ArrowLeft');
    await until('less smoothing', async () => Number(await smoothing.textContent()) < before);
    await workbench.picture('keyboard-in-curves');
    const box = page.locator('.legend-row vscode-checkbox').first();
    const isChecked = (): Promise<boolean> =>
      box.evaluate((element) => Reflect.get(element, 'checked') === true);
    await until('the curve to be shown', isChecked);
    await tabTo('.legend-row vscode-checkbox');
    await workbench.press('Space');
    await until('the curve to be hidden', async () => !(await isChecked()));
    await workbench.press('Space');
  });

  it('the way back leads to the editor', async () => {
    await workbench.press('Control+1');
    await until('the cursor in the experiment', () =>
      workbench.page.evaluate(() => document.activeElement?.closest('.monaco-editor') !== null),
    );
    await workbench.press('Control+End');
    await workbench.page.keyboard.type('# here');
    await until('what is typed', async () => (await workbench.editorText()).includes('# here'));
    await workbench.command('File: Revert File');
  });

  it('a message about a mistake is reached from the text', async () => {
    await workbench.goTo(15, 11);
    await workbench.press('Control+Shift+ArrowRight');
    await workbench.page.keyboard.type('lemda');
    await workbench.page.locator('.squiggly-error').first().waitFor();
    await workbench.press('F8');
    await workbench.page.locator('.peekview-widget, .zone-widget', { hasText: 'lamda' }).first().waitFor();
    await workbench.press('Escape');
    await workbench.command('File: Revert File');
  });

  it('nothing has thrown an error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeBy, type RunFolder, runsIn } from './support/runFolders';
import { TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { findWebview, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const RUN = 'Eigenloom: Run Experiment';

/** From 1 to n. */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('runs', () => {
  const opened = useSession();
  let session: Session;
  let workbench: Workbench;
  let first: RunFolder;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
    await workbench.openFile(TINY);
  });

  it('are launched from above the first line of an experiment', async () => {
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: /Run$/u }).first();
    await lens.waitFor();
    first = await madeBy(session.workspace, () => lens.click());
    await first.reaches('done');
    expect(first.steps).toEqual(upTo(12));
  });

  it('stand in the tree, with what became of them', async () => {
    const row = workbench.runs('tiny');
    await until('its end in the tree', async () => {
      const text = (await row.textContent()) ?? '';
      return text.includes('12 steps') && /loss \d/u.test(text);
    });
    await until('the same, spoken', async () =>
      /tiny, done, step 12 of 12, loss [\d.]+, best evaluation loss/u.test(
        (await row.getAttribute('aria-label')) ?? '',
      ),
    );
  });

  it('show their curves beside the experiment', async () => {
    const page = await webview(workbench.page, 'Curves');
    await until('a curve', async () => (await page.locator('canvas').count()) > 0);
    await until('the last step', async () =>
      /12\s*\/\s*12|done/iu.test(await page.locator('body').innerText()),
    );
  });

  it('are launched from the palette', async () => {
    const run = await madeBy(session.workspace, () => workbench.command(RUN));
    await run.reaches('done');
    await until('both in the tree', async () => (await workbench.runs(/loss \d/u).count()) === 2);
  });

  it('appear when they were started elsewhere', async () => {
    const copy = join(session.workspace, 'runs', first.id.replace(/....$/u, 'zzzz'));
    cpSync(first.folder, copy, { recursive: true });
    await until('three in the tree', async () => (await workbench.runs(/loss \d/u).count()) === 3);
  });

  it('that cannot be read are shown as broken, and hurt nothing', async () => {
    const broken = join(session.workspace, 'runs', '20260101-000000-broken-abcd');
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, 'run.json'), '{"formatVersion": 1, "id": 3}');
    const group = workbench.rows('Runs', 'Cannot be read');
    await group.click();
    await workbench.runs('20260101-000000-broken').waitFor();
    expect(await workbench.runs(/loss \d/u).count()).toBe(3);
    await workbench.picture('runs-with-a-broken-one');
  });

  it('are filtered by a query', async () => {
    await workbench.command('Eigenloom: Filter Runs…');
    await workbench.answer('status:failed');
    await until('none to be left', async () => (await workbench.runs(/loss \d/u).count()) === 0);
    await workbench.command('Eigenloom: Clear Filter of Runs');
    await until('all to be back', async () => (await workbench.runs(/loss \d/u).count()) === 3);
  });

  it('are deleted, and brought back', async () => {
    const before = runsIn(session.workspace).map(({ id }) => id);
    await workbench.select(workbench.runs(/loss \d/u).first());
    await workbench.press('Delete');
    await until('one less on the disk', () => runsIn(session.workspace).length === before.length - 1);
    await workbench.notification(/deleted/iu, 'Undo');
    await until('all on the disk', () => runsIn(session.workspace).length === before.length);
    expect(runsIn(session.workspace).map(({ id }) => id)).toEqual(before);
    await until('all in the tree', async () => (await workbench.runs(/loss \d/u).count()) === 3);
  });

  it('lie over one another, five and more', async () => {
    for (const suffix of ['aaaa', 'bbbb']) {
      cpSync(first.folder, join(session.workspace, 'runs', first.id.replace(/....$/u, suffix)), {
        recursive: true,
      });
    }
    const rows = workbench.runs(/loss \d/u);
    await until('five in the tree', async () => (await rows.count()) === 5);
    await workbench.menu(rows, 'Show Curves', async () => {
      const page = await findWebview(workbench.page, 'Curves');
      return (await page?.locator('.legend-row').getByRole('checkbox', { checked: true }).count()) === 5;
    });
    await workbench.picture('curves-of-five-runs');
  });

  it('have broken no policy and thrown no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { beforeAll, describe, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { THEME_NAMES } from './support/themes';
import { settled, until } from './support/until';
import { useSession } from './support/useSession';
import { webview } from './support/webviews';
import type { Workbench } from './support/workbench';

/** The sample's experiments that are run in full, for curves worth a look. */
const RUNS = ['lora.tune.yaml', 'pissa.tune.yaml', 'lamda.tune.yaml'];

/** The pictures of the README: the workbench with an experiment, its curves beside it, and the runs. */
describe('pictures', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      for (const experiment of RUNS) runInTerminal(folder, experiment);
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
    await workbench.openFile('lamda.tune.yaml');
    await workbench.command('Eigenloom: Show Curves');
    const rows = workbench.runs('sample-');
    await until('the runs', async () => (await rows.count()) === RUNS.length);
    for (const row of [rows.first(), rows.nth(1), rows.last()]) {
      await row.click({ button: 'right' });
      await workbench.page
        .locator('.monaco-menu .action-label', { hasText: 'Add Run to Curves' })
        .first()
        .click();
    }
    const page = await webview(workbench.page, 'Curves');
    await until('the runs', async () => (await page.locator('.legend-row').count()) === RUNS.length);
  });

  it.each(THEME_NAMES)('of the workbench in the %s theme', async (theme) => {
    await session.theme(theme);
    await workbench.quiet();
    const page = await webview(workbench.page, 'Curves');
    await settled('the page', () => page.locator('body').innerText());
    await workbench.picture(`workbench-${theme}`);
  });
});

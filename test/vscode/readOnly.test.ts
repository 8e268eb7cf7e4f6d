import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReadOnly, makeWritable } from './support/readOnly';
import { madeBy, runsIn } from './support/runFolders';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const RUN = 'Eigenloom: Run Experiment';

describe('a folder that cannot be written to', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      runInTerminal(folder, TINY);
      makeReadOnly(folder);
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
  });

  afterAll(() => makeWritable(session.workspace));

  it('shows its runs', async () => {
    await workbench.runs(/loss \d/u).waitFor();
  });

  it('says that no run can be made there, and which setting helps', async () => {
    await workbench.openFile(TINY);
    await workbench.command(RUN);
    await workbench.notification(/the disk is read-only.*eigenloom\.runsFolder/u);
    await workbench.picture('read-only-run');
    await workbench.quiet();
    expect(runsIn(session.workspace)).toHaveLength(1);
  });

  it('says so of what changes a run, too', async () => {
    await workbench.select(workbench.runs(/loss \d/u));
    await workbench.press('Delete');
    await workbench.notification(/cannot be moved.*read-only/iu);
    await workbench.picture('read-only-delete');
    await workbench.quiet();
    await workbench.runs(/loss \d/u).waitFor();
    await workbench.command('Eigenloom: New Experiment…');
    await workbench.pick('model');
    await workbench.pick('moby-dick.train.jsonl');
    await workbench.pick('Text: text');
    await workbench.pick('LoRA');
    await workbench.answer('nowhere');
    await workbench.notification(/cannot be written: the disk is read-only/u);
    await workbench.picture('read-only-new');
    await workbench.quiet();
  });

  it('can be worked in when its runs go elsewhere', async () => {
    const settings = join(session.server.data, 'User', 'settings.json');
    const elsewhere = join(session.scratch, 'elsewhere');
    await workbench.command(RUN);
    await workbench.notification(/cannot be written/u, 'Open Setting');
    const setting = workbench.page.locator('.settings-editor input[type="text"]').first();
    await setting.waitFor();
    await workbench.picture('read-only-setting');
    await setting.fill(join(elsewhere, 'runs'));
    await setting.press('Enter');
    await until('the setting to be kept', () => readFileSync(settings, 'utf8').includes(elsewhere));
    await workbench.press('Escape');
    await workbench.openFile(TINY);
    await madeBy(elsewhere, () => workbench.command(RUN));
    await until('both in the tree', async () => (await workbench.runs(/loss \d/u).count()) === 2);
  });
});

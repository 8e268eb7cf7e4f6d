import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeBy, runsIn } from './support/runFolders';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

describe('a workspace of several folders', () => {
  const opened = useSession({
    opens: 'both.code-workspace',
    prepare: (folder) => {
      for (const name of ['one', 'two']) makeSampleWorkspace(join(folder, name));
      rmSync(join(folder, 'two', 'pissa.tune.yaml'));
      runInTerminal(join(folder, 'one'), TINY);
      cpSync(join(folder, 'one', 'runs'), join(folder, 'two', 'runs'), { recursive: true });
      for (const run of runsIn(join(folder, 'two'))) {
        const record = join(run.folder, 'run.json');
        writeFileSync(
          record,
          readFileSync(record, 'utf8').replaceAll(join(folder, 'one'), join(folder, 'two')),
        );
      }
      writeFileSync(
        join(folder, 'both.code-workspace'),
        JSON.stringify({ folders: [{ path: 'one' }, { path: 'two' }], settings: {} }),
      );
    },
  });
  let session: Session;
  let workbench: Workbench;
  const folder = (name: string): string => join(session.workspace, name);

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
  });

  it('shows the runs of each, and tells which is which', async () => {
    const groups = workbench.view('Runs').locator('.monaco-list-row[aria-level="1"]');
    await until('both groups', async () => (await groups.count()) === 2);
    await until(
      'two names',
      async () => new Set(await groups.locator('.label-name').allTextContents()).size === 2,
    );
    await session.pictures('two-folders');
  });

  it('asks where a new experiment is to lie, and offers that folder’s files first', async () => {
    await workbench.command('Eigenloom: New Experiment…');
    await workbench.pick('two');
    await workbench.page.locator('.quick-input-title', { hasText: '(1/5)' }).waitFor();
    await workbench.picture('new-experiment-two-folders');
    await until('its own model first', async () =>
      /model.*two/u.test((await workbench.choices.first().textContent()) ?? ''),
    );
    await workbench.pick('model');
    await workbench.pick('moby-dick.train.jsonl');
    await workbench.pick('Text: text');
    await workbench.pick('LoRA');
    await workbench.answer('second');
    const file = join(folder('two'), 'second.tune.yaml');
    await until('its file', () => existsSync(file));
    await workbench.page.locator('.tab.active[data-resource-name="second.tune.yaml"]').waitFor();
    expect(readFileSync(file, 'utf8')).toMatch(/^model: model$/mu);
    expect(readFileSync(file, 'utf8')).toMatch(/^ {2}train: data\/moby-dick\.train\.jsonl$/mu);
  });

  it('asks which experiment is to run, with its folder, and keeps the run there', async () => {
    await workbench.command('View: Close All Editors');
    const before = runsIn(folder('one')).length;
    const run = await madeBy(folder('two'), async () => {
      await workbench.command('Eigenloom: Run Experiment');
      await workbench.choices.first().waitFor();
      await workbench.picture('run-which-of-two-folders');
      await workbench.input.fill('two');
      await until('those of one folder', async () => {
        const choices = await workbench.choices.allTextContents();
        return choices.length > 0 && choices.every((text) => text.includes('two'));
      });
      const focused = workbench.page.locator('.quick-input-list .monaco-list-row.focused');
      await until('the tiny one to have the focus', async () => {
        if ((await focused.allTextContents()).join().includes(TINY)) return true;
        await workbench.press('ArrowDown');
        return false;
      });
      await workbench.press('Enter');
    });
    await run.reaches('done');
    expect(runsIn(folder('one'))).toHaveLength(before);
  });

  it('throws no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const RUN = 'Eigenloom: Run Experiment';
const NEW = 'Eigenloom: New Experiment…';

describe('a window without a folder', () => {
  const opened = useSession({ opens: 'nothing', sideBar: true });
  let session: Session;
  let workbench: Workbench;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  it('says what to do', async () => {
    const view = workbench.view('Runs');
    await until('the welcome', async () =>
      (await view.innerText()).includes('Open a folder to see its runs'),
    );
    for (const name of ['Open the Sample', 'Open Folder', 'Get Started']) {
      await view.getByRole('button', { name }).waitFor();
    }
    await session.pictures('welcome-no-folder');
  });

  it('answers commands in a sentence', async () => {
    for (const title of [RUN, 'Eigenloom: Run Experiment with Changes…']) {
      await workbench.command(title);
      await workbench.notification(/there is no experiment here yet.*New Experiment/u);
      await workbench.quiet();
    }
    await workbench.command('Eigenloom: Refresh Runs');
    await workbench.command(NEW);
    await workbench.page.locator('.quick-input-title', { hasText: 'Where to Put the Experiment' }).waitFor();
    await workbench.press('Escape');
    expect(await workbench.notifications()).toEqual([]);
  });

  it('leads to the sample', async () => {
    await workbench.view('Runs').getByRole('button', { name: 'Open the Sample' }).click();
    await workbench.pick('The Extension’s Own Storage');
    await workbench.goesTo('eigenloom-sample');
    await workbench.page.locator('.tab.active[data-resource-name="lamda.tune.yaml"]').waitFor();
  });

  it('throws no error', () => {
    expect(session.complaints.ours()).toEqual([]);
  });
});

describe('an empty folder', () => {
  const opened = useSession({ prepare: (folder) => mkdirSync(folder), sideBar: true });
  let session: Session;
  let workbench: Workbench;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  it('says what to do', async () => {
    const view = workbench.view('Runs');
    await until('the welcome', async () =>
      (await view.innerText()).includes('No run has been made here yet'),
    );
    await session.pictures('welcome-empty-folder');
    await view.getByRole('button', { name: 'Open the Sample' }).click();
    await workbench.page.locator('.quick-input-title', { hasText: 'Open the Sample' }).waitFor();
    await workbench.press('Escape');
  });

  it('leads to a new experiment, of the sample where nothing else is there', async () => {
    await workbench.view('Runs').getByRole('button', { name: 'New Experiment', exact: true }).click();
    await workbench.pick('The sample’s model');
    await workbench.picture('new-experiment-2-nothing-there');
    await workbench.pick('The sample’s rows');
    await workbench.pick('Text: text');
    await workbench.pick('LoRA');
    await workbench.answer('first');
    const file = join(session.workspace, 'first.tune.yaml');
    await until('its file', () => existsSync(file));
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^model: eigenloom-sample\/model$/mu);
    expect(text).toMatch(/^ {2}train: eigenloom-sample\/data\/moby-dick\.train\.jsonl$/mu);
    expect(text).toMatch(/^ {2}eval: eigenloom-sample\/data\/moby-dick\.eval\.jsonl$/mu);
    await workbench.notification(/ready to run/u);
    expect(await workbench.page.locator('.squiggly-error, .squiggly-warning').count()).toBe(0);
  });

  it('throws no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeBy, type RunFolder, runsIn } from './support/runFolders';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { settled, until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

/** What a run's record says of how it was made, as far as it is looked at here. */
interface Made {
  readonly config: { readonly training: { readonly learning_rate: number } };
  readonly source: { readonly overrides: readonly string[] };
}

describe('in the explorer', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      runInTerminal(folder, TINY);
      const words = ['name=second', 'adapter.method=lora', 'training.max_steps=6', 'training.warmup_steps=1'];
      runInTerminal(folder, TINY, ...words.flatMap((word) => ['--set', word]));
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
    await workbench.openFile(TINY);
  });

  const madeOf = (run: RunFolder): Made =>
    JSON.parse(readFileSync(join(run.folder, 'run.json'), 'utf8')) as Made;

  /** The rows of the first level: groups, or what they are called in the order in which they stand. */
  const groups = (): Promise<string[]> =>
    workbench
      .view('Runs')
      .locator('.monaco-list-row[aria-level="1"]')
      .evaluateAll((rows) => rows.map((row) => row.querySelector('.label-name')?.textContent ?? ''));

  async function arrange(command: string, choice: string): Promise<void> {
    await workbench.command(`Eigenloom: ${command}`);
    await workbench.pick(choice);
  }

  /** Chooses a command from the menu of a run. */
  async function menu(run: string, label: string, done: Locator): Promise<void> {
    await workbench.menu(workbench.runs(run).first(), label, () => done.isVisible());
  }

  /** The title of the open pick or input box. */
  const title = (text: string): Locator => workbench.page.locator('.quick-input-title', { hasText: text });

  /** Answers the dialog that asks for a folder: VS Code's own one, in which a path is typed. */
  async function choose(folder: string): Promise<void> {
    await workbench.page
      .locator('.quick-input-title', { hasText: 'Where to Put the Exported Folder' })
      .waitFor();
    await settled('the folder that is proposed', () => workbench.input.inputValue());
    await workbench.input.fill(`${folder}/`);
    // The path counts when what lies in it is shown.
    await workbench.choices.filter({ hasText: 'sample' }).first().waitFor();
    await workbench.page.locator('.quick-input-widget').getByRole('button', { name: 'Export Here' }).click();
  }

  it.each([
    ['experiment', 'Experiment', 2],
    ['method', 'Method', 2],
    ['day', 'Day', 1],
    ['status', 'Status', 1],
  ])('runs are grouped by %s', async (_, choice, count) => {
    await arrange('Group Runs by…', choice);
    await until(`the groups by ${choice}`, async () => {
      const labels = await groups();
      return (
        labels.length === count &&
        { Experiment: 'tiny', Method: 'lamda', Day: 'Today', Status: 'done' }[choice] !== undefined &&
        labels.includes({ Experiment: 'tiny', Method: 'lamda', Day: 'Today', Status: 'done' }[choice] ?? '')
      );
    });
  });

  it.each([
    ['Name', ['second', 'tiny']],
    ['Duration', ['tiny', 'second']],
    ['Newest first', ['second', 'tiny']],
  ])('runs are sorted by %s', async (choice, names) => {
    await arrange('Sort Runs by…', choice);
    await until('the order', async () => {
      const labels = await workbench.runs().locator('.label-name').allTextContents();
      return labels.join() === names.join();
    });
  });

  it('a query with a mistake says what is wrong, and hides nothing', async () => {
    await workbench.command('Eigenloom: Filter Runs…');
    await session.workbench.picture('filter');
    await workbench.input.fill('los<2');
    const message = workbench.page.locator('.quick-input-message');
    await until('what is wrong', async () =>
      /At character 1.*Did you mean loss/u.test(await message.innerText()),
    );
    await workbench.picture('filter-with-a-mistake');
    expect(await workbench.runs().count()).toBe(2);
    await workbench.press('Enter');
    expect(await workbench.input.isVisible()).toBe(true);
    await workbench.input.fill('method:lora');
    await until('the matching run', async () => (await workbench.runs().count()) === 1);
    await workbench.press('Escape');
    await until('all runs', async () => (await workbench.runs().count()) === 2);
  });

  it('a run is tagged, and found by its tag', async () => {
    await workbench.select(workbench.runs('second'));
    await workbench.command('Eigenloom: Tag Run…');
    // What is selected is checked already.
    await title('Tag Runs').waitFor();
    await workbench.press('Enter');
    await title('Tags of second').waitFor();
    await workbench.input.fill('keep');
    await workbench.choices.filter({ hasText: 'new tag' }).waitFor();
    await workbench.picture('tags');
    await workbench.press('Enter');
    const [, second] = runsIn(session.workspace);
    const notes = join(second?.folder ?? '', 'user.json');
    await until('the tag', () => existsSync(notes) && readFileSync(notes, 'utf8').includes('"keep"'));
    await workbench.command('Eigenloom: Filter Runs…');
    await workbench.answer('tag:keep');
    await until('the tagged run', async () => (await workbench.runs().count()) === 1);
    await session.pictures('filtered');
    await workbench.command('Eigenloom: Clear Filter of Runs');
    await until('all runs', async () => (await workbench.runs().count()) === 2);
  });

  it('a run gets a note, which is shown with it', async () => {
    await menu('second', 'Edit Note of Run', title('Note of second'));
    await workbench.answer('the smaller one');
    const [, second] = runsIn(session.workspace);
    const notes = join(second?.folder ?? '', 'user.json');
    await until('the note', () => readFileSync(notes, 'utf8').includes('the smaller one'));
    // Away first: a tooltip comes when the pointer comes.
    await workbench.runs('tiny').hover();
    await workbench.runs('second').hover();
    await workbench.page.locator('.monaco-hover', { hasText: 'the smaller one' }).first().waitFor();
    await workbench.picture('note-in-the-tooltip');
    await workbench.press('Escape');
  });

  it('a run is exported from its menu, as an adapter', async () => {
    await menu('second', 'Export Run', title('Export second'));
    await workbench.picture('export-form');
    await workbench.pick('PEFT adapter');
    await choose(session.scratch);
    await workbench.notification(/‘second’ is in .*second-peft/u);
    await workbench.picture('exported');
    expect(readdirSync(join(session.scratch, 'second-peft'))).toEqual(
      expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors']),
    );
    await workbench.quiet();
  });

  it('a run is exported from the palette, merged', async () => {
    await workbench.select(workbench.runs('tiny'));
    await workbench.command('Eigenloom: Export Run…');
    await until('the selected run first', async () =>
      (await workbench.choices.first().innerText()).includes('tiny'),
    );
    await workbench.press('Enter');
    await workbench.pick('Merged model');
    await choose(session.scratch);
    await workbench.notification(/‘tiny’ is in .*tiny-merged/u);
    expect(readdirSync(join(session.scratch, 'tiny-merged'))).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']),
    );
    await workbench.quiet();
  });

  it('a run is run again, as it was', async () => {
    const [, before] = runsIn(session.workspace);
    const run = await madeBy(session.workspace, async () => {
      const checking = workbench.page.locator('.notifications-toasts', { hasText: 'Checking' });
      await menu('second', 'Run Again', checking);
    });
    await run.reaches('done');
    expect(madeOf(run)).toMatchObject({
      config: before === undefined ? {} : madeOf(before).config,
      source: { overrides: expect.arrayContaining(['adapter.method=lora']) as unknown },
    });
  });

  it('an experiment is run with another learning rate', async () => {
    const run = await madeBy(session.workspace, async () => {
      await workbench.openFile(TINY);
      await workbench.command('Eigenloom: Run Experiment with Changes…');
      await workbench.pick('training.learning_rate');
      await workbench.input.fill('fast');
      await until('what is wrong', async () =>
        /number/u.test(await workbench.page.locator('.quick-input-message').innerText()),
      );
      await workbench.picture('run-with-a-wrong-change');
      await workbench.answer('0.005');
      await workbench.page.locator('.quick-input-title', { hasText: 'with Changes' }).waitFor();
      await workbench.picture('run-with-changes');
      await workbench.pick('Run');
    });
    await run.reaches('done');
    expect(madeOf(run).config.training.learning_rate).toBe(0.005);
    expect(madeOf(run).source.overrides).toEqual(['training.learning_rate=0.005']);
  });

  it('nothing has thrown an error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { THEME_NAMES } from './support/themes';
import { settled, until } from './support/until';
import { useSession } from './support/useSession';
import { findWebview, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

/** The sample's experiments that are run in full, for curves worth a look. */
const RUNS = ['lora.tune.yaml', 'pissa.tune.yaml', 'lamda.tune.yaml'];
const SHOWN = 'lamda.tune.yaml';
/** How long (ms) these may take: minutes each where the machine has other work. */
const PATIENCE = 2_400_000;

/** An experiment of questions and answers, for tokens of which not all are learnt. */
const QUESTIONS = 'questions.tune.yaml';
const ANSWERS = [
  [
    'Who tells the story of Moby-Dick?',
    'Ishmael, who goes to sea whenever it is a damp, drizzly November in his soul.',
  ],
  ['What is the ship called?', 'The Pequod, an old Nantucket whaler.'],
  ['Who is her captain?', 'Ahab, who lost a leg to the white whale.'],
  ['Where does the voyage begin?', 'In Nantucket, on a cold Christmas Day.'],
  [
    'Who is Queequeg?',
    'A harpooneer from Kokovoko, an island that is not down in any map; true places never are.',
  ],
  ['What is nailed to the mast?', 'A doubloon of gold, for whoever raises the whale.'],
  ['Who is the first mate?', 'Starbuck, a careful man.'],
  ['What becomes of the ship?', 'She sinks, and one man alone is left to tell of her.'],
] as const;

/** An experiment whose ranks go by the spectrum. */
const PLUS = 'lamda-plus.tune.yaml';
/** Of the sample's model. */
const LINEAR_LAYERS = 35;

/** Puts the experiment of LaMDA++ into a folder. */
function addPlus(folder: string): void {
  const text = readFileSync(join(folder, SHOWN), 'utf8');
  const adapted = text
    .replace('sample-lamda', 'sample-lamda++')
    .replace('method: lamda\n', 'method: lamda++\n')
    .replace('rank: 32', 'rank: 24  ');
  writeFileSync(join(folder, PLUS), adapted);
}

/** What leaves more room for what the pictures are of. */
const SETTINGS = {
  'editor.fontSize': 12,
  'editor.minimap.enabled': false,
  'editor.scrollBeyondLastLine': false,
};

/** Puts the experiment of questions and answers into a folder. */
function addQuestions(folder: string): void {
  const rows = ANSWERS.map(([question, answer]) => JSON.stringify({ question, answer }));
  writeFileSync(join(folder, 'data', 'questions.jsonl'), `${rows.join('\n')}\n`);
  writeFileSync(
    join(folder, QUESTIONS),
    `# The loss is on the answers only.
name: questions
model: model

data:
  train: data/questions.jsonl
  prompt: "Question: {question}\\nAnswer:"
  completion: " {answer}"
  max_length: 40              # tokens; a longer row is cut

adapter:
  method: lora
  rank: 16

training:
  max_steps: 100
  batch_size: 4
  learning_rate: 2.0e-3
`,
  );
}

/** The pictures of the README: the workbench with an experiment, its curves or tokens beside it, and the runs. */
describe('pictures', () => {
  const opened = useSession(
    {
      settings: SETTINGS,
      width: 1600,
      height: 930,
      prepare: (folder) => {
        makeSampleWorkspace(folder);
        addQuestions(folder);
        addPlus(folder);
        for (const experiment of RUNS) runInTerminal(folder, experiment);
      },
    },
    PATIENCE,
  );
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.showRuns();
    await workbench.widenSideBar(130);
    await workbench.command('Eigenloom: Group Runs by…');
    await workbench.pick('Day');
    await workbench.openFile(SHOWN);
    const rows = workbench.runs('sample-');
    await until('the runs', async () => (await rows.count()) === RUNS.length);
    await workbench.menu(rows, 'Show Curves', async () => {
      const page = await findWebview(workbench.page, 'Curves');
      return (await page?.locator('.legend-row').count()) === RUNS.length;
    });
  });

  it.each(THEME_NAMES)('of the workbench in the %s theme', async (theme) => {
    await session.theme(theme);
    const page = await webview(workbench.page, 'Curves');
    await settled('the page', () => page.locator('body').innerText());
    await picture(`workbench-${theme}`);
  });

  it('of the tokens', async () => {
    await session.theme('dark');
    await workbench.openFile(QUESTIONS);
    await workbench.command('Eigenloom: Preview Tokens');
    const page = await webview(workbench.page, 'Tokens');
    await until('rows', async () => (await page.locator('article.row').count()) > 1);
    await settled('the page', () => page.locator('body').innerText());
    await picture('workbench-tokens-dark', QUESTIONS);
  });

  it.each([
    ['spectra', 'Spectra', 'Eigenloom: Show Spectra', PLUS],
    ['ranks', 'Ranks', 'Eigenloom: Show Rank Board', PLUS],
    ['changes', 'Spectra', 'Eigenloom: Show Spectra', SHOWN],
  ])('of the %s', async (name, title, command, file) => {
    await workbench.command('View: Close All Editors');
    await workbench.openFile(file);
    await workbench.command(command);
    const page = await webview(workbench.page, title);
    await until('all layers', async () => (await page.getByRole('gridcell').count()) === LINEAR_LAYERS);
    await until('the end of the work', async () => !/cancel/iu.test(await page.locator('body').innerText()));
    // A module whose spectrum is worth a look, and one of another shape.
    if (title === 'Spectra') {
      await page.getByRole('gridcell').nth(1).click();
      await page
        .getByRole('gridcell')
        .nth(31)
        .click({ modifiers: ['Control'] });
    }
    // The map of the change, in the middle of training.
    if (name === 'changes') await page.getByRole('button', { name: 'Previous step' }).click();
    await settled('the page', () => page.locator('body').innerText());
    await picture(`workbench-${name}-dark`, file);
  });

  /** Takes a picture of a workbench in which nothing is selected, pointed at or said. */
  async function picture(name: string, file = SHOWN): Promise<void> {
    await workbench.quiet();
    await workbench.command('Eigenloom: Focus on Runs View');
    // Once for the rows that are selected, once for the one that has the focus.
    await workbench.press('Escape', 'Escape');
    await workbench.command('View: Focus First Editor Group');
    await workbench.openFile(file);
    await workbench.goTo(1);
    await workbench.page.mouse.move(1250, 17);
    await workbench.picture(name);
  }
});

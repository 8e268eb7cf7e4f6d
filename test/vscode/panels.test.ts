import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { runInTerminal } from './support/terminal';
import { THEME_NAMES } from './support/themes';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { inaccessible, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const CURVES = 'Curves';
const TOKENS = 'Tokens';

describe('the panels', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      runInTerminal(folder, TINY);
      runInTerminal(folder, TINY, '--set', 'training.learning_rate=0.02');
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.openFile(TINY);
  });

  it('show the tokens of an experiment as the run reads them', async () => {
    await workbench.command('Eigenloom: Preview Tokens');
    const opening = workbench.page.locator('.statusbar-item', { hasText: 'Opening Tokens…' });
    await until('word of the page that opens', async () => (await opening.count()) === 1);
    const page = await webview(workbench.page, TOKENS);
    await until('rows', async () => (await page.locator('article.row').count()) > 1);
    await until('no more word of that', async () => (await opening.count()) === 0);
    const first = page.locator('article.row').first();
    await until('each token that is counted', async () => {
      const [, all] = /(\d+) tokens, 31 learnt, \d+ cut off/u.exec(await first.innerText()) ?? [];
      return (await first.locator('.token').count()) === Number(all);
    });
    expect(await first.locator('.piece.trained .token').count()).toBe(31);
  });

  it('follow what is typed', async () => {
    const page = await webview(workbench.page, TOKENS);
    await workbench.goTo(12, 1);
    await workbench.press('End', 'Shift+Home');
    await workbench.page.keyboard.type('max_length: 8');
    await until('shorter rows', async () =>
      /, 7 learnt/u.test(await page.locator('article.row').first().innerText()),
    );
    await workbench.command('File: Revert File');
    await until('the rows as they were', async () =>
      /, 31 learnt/u.test(await page.locator('article.row').first().innerText()),
    );
  });

  it('say what is wrong while an experiment cannot be read, to everybody', async () => {
    const page = await webview(workbench.page, TOKENS);
    await workbench.goTo(12, 1);
    await workbench.press('End', 'Shift+Home');
    await workbench.page.keyboard.type('max_lenght: 8');
    await until('the problem', async () => /max_length/u.test(await page.locator('.problem').innerText()));
    expect(await inaccessible(page)).toEqual([]);
    await workbench.picture('tokens-with-a-problem');
    await workbench.command('File: Revert File');
    await until('no problem', async () => !(await page.locator('.problem').isVisible()));
  });

  it.each(THEME_NAMES)('show tokens to everybody in the %s theme', async (theme) => {
    await session.theme(theme);
    const page = await webview(workbench.page, TOKENS);
    expect(await inaccessible(page)).toEqual([]);
    await workbench.picture(`tokens-${theme}`);
  });

  it('show curves in place of the tokens', async () => {
    await workbench.openFile(TINY);
    await workbench.command('Eigenloom: Show Curves');
    const page = await webview(workbench.page, CURVES);
    await until('two runs', async () => (await page.locator('.legend-row').count()) === 2);
    await until('its last step', async () => /Step 12 of 12/u.test(await page.locator('body').innerText()));
  });

  it.each(THEME_NAMES)('show curves to everybody in the %s theme', async (theme) => {
    await session.theme(theme);
    const page = await webview(workbench.page, CURVES);
    expect(await inaccessible(page)).toEqual([]);
    await workbench.picture(`curves-${theme}`);
  });

  it('show what this machine can train with', async () => {
    await workbench.command('Eigenloom: Focus on Setup View');
    // Folded, so that the other has room: a tree draws only the rows that are seen.
    await workbench.view('Runs').locator('.pane-header').click();
    await workbench.rows('Setup', /^Device/u).waitFor();
    await workbench.rows('Setup', /^Trainer.*onnxruntime 1\./u).waitFor();
    await workbench.rows('Setup', /^Caches/u).waitFor();
    await workbench.picture('setup');
  });

  it('break no policy and throw no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { THEME_NAMES } from './support/themes';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { inaccessible, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const FILE = 'spectral.tune.yaml';
const SPECTRA = 'Spectra';
const RANKS = 'Ranks';

describe('spectra', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      const text = readFileSync(join(folder, 'lamda.tune.yaml'), 'utf8');
      writeFileSync(join(folder, FILE), text.replace('method: lamda', 'method: lamda++'));
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.openFile(FILE);
  });

  const saved = async (): Promise<string> => {
    await workbench.command('File: Save All');
    return readFileSync(join(session.workspace, FILE), 'utf8');
  };

  /** What is drawn behind the lines: texts and pictures. */
  const behindLines = (): Promise<string[]> =>
    workbench.page.evaluate(() =>
      [...document.querySelectorAll('.view-line span')]
        .map((span) => getComputedStyle(span, '::after').content)
        .filter((content) => content !== 'none' && content !== 'normal'),
    );
  const energy = async (): Promise<string> =>
    (await behindLines()).find((text) => text.includes('keeps')) ?? '';

  it('stand in the lines of the rank and the target modules, and follow an edit', async () => {
    await until('the energy', async () => /mean r 32 keeps \d+ % of the energy/u.test(await energy()));
    const pictures = async (): Promise<string[]> =>
      (await behindLines()).filter((content) => content.includes('data:image/svg+xml'));
    const before = { energy: await energy(), pictures: await pictures() };
    expect(before.pictures).toHaveLength(2);
    await session.pictures('inline');
    await workbench.goTo(16, 11);
    await workbench.press('Backspace', 'Backspace');
    await workbench.page.keyboard.type('16');
    await until('another energy', async () => /mean r 1[56] keeps/u.test(await energy()));
    expect(await pictures()).not.toEqual(before.pictures);
    await workbench.command('File: Revert File');
    await until('all as before', async () => (await energy()) === before.energy);
    expect(await pictures()).toEqual(before.pictures);
  });

  it('of every layer are shown, exact, beside the experiment', async () => {
    await workbench.command('Eigenloom: Show Spectra');
    const page = await webview(workbench.page, SPECTRA);
    await until('all layers', async () => (await page.getByRole('gridcell').count()) === 35);
    await until('the end of the work', async () => !/cancel/iu.test(await page.locator('body').innerText()));
    await page.getByRole('gridcell').first().click();
    await until('the curve', async () => (await page.locator('canvas').count()) > 0);
  });

  it.each(THEME_NAMES)('are shown to everybody in the %s theme', async (theme) => {
    await session.theme(theme);
    const page = await webview(workbench.page, SPECTRA);
    expect(await inaccessible(page)).toEqual([]);
    await workbench.picture(`spectra-${theme}`);
  });

  it('lead to another rank by the keyboard alone, in one step that can be undone', async () => {
    const page = await webview(workbench.page, SPECTRA);
    const slider = page.getByRole('slider').first();
    await slider.focus();
    for (let i = 0; i < 4; i++) await slider.press('ArrowRight');
    await slider.press('Enter');
    await until('the new rank', async () => /^ {2}rank: 36$/mu.test(await saved()));
    await workbench.command('View: Focus First Editor Group');
    await workbench.command('Undo');
    await until('the rank before', async () => /^ {2}rank: 32$/mu.test(await saved()));
  });

  it('are spent on the rank board, which writes the experiment', async () => {
    await workbench.command('View: Focus First Editor Group');
    await workbench.command('Eigenloom: Show Rank Board');
    const page = await webview(workbench.page, RANKS);
    await until('all layers', async () => (await page.getByRole('gridcell').count()) === 35);
    const budget = page.getByRole('slider', { name: 'Budget' });
    await budget.focus();
    for (let i = 0; i < 4; i++) await budget.press('ArrowLeft');
    const apply = page.getByRole('button', { name: 'Apply' });
    await until('something to apply', () => apply.isEnabled());
    await apply.press('Enter');
    await until('another mean rank', async () => /^ {2}rank: (?!32)\d+$/mu.test(await saved()));
    expect(await inaccessible(page)).toEqual([]);
  });

  it.each(THEME_NAMES)('are shown as ranks in the %s theme', async (theme) => {
    await session.theme(theme);
    const page = await webview(workbench.page, RANKS);
    expect(await inaccessible(page)).toEqual([]);
    await workbench.picture(`ranks-${theme}`);
  });

  it('break no policy and throw no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

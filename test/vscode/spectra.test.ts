import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PICTURES } from './support/places';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { OPENING_THEME, THEME_NAMES } from './support/themes';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { inaccessible, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const FILE = 'spectral.tune.yaml';
const HUGE = 'huge.tune.yaml';
const SPECTRA = 'Spectra';
const RANKS = 'Ranks';

describe('spectra', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      const text = readFileSync(join(folder, 'lamda.tune.yaml'), 'utf8');
      writeFileSync(join(folder, FILE), text.replace('method: lamda', 'method: lamda++'));
      makeHuge(folder, text);
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.openFile(FILE);
  });

  const saved = async (file = FILE): Promise<string> => {
    await workbench.command('File: Save All');
    return readFileSync(join(session.workspace, file), 'utf8');
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

  /** What the line above the experiment says of its plan. */
  const plan = async (): Promise<string> =>
    (await workbench.page.locator('.codelens-decoration a').allInnerTexts()).find((text) =>
      text.includes('trainable'),
    ) ?? '';

  it('stand in the lines of the rank and the target modules, and follow an edit', async () => {
    await until('the energy', async () => /mean r 32 keeps \d+ % of the energy/u.test(await energy()));
    const pictures = async (): Promise<string[]> =>
      (await behindLines()).filter((content) => content.includes('data:image/svg+xml'));
    await until('the plan', async () =>
      /^[\d.]+ k trainable · [\d.]+ MB adapter · ~[\d.]+ [MG]B peak · cpu$/u.test(await plan()),
    );
    const planned = await plan();
    await session.pictures('inline');
    await until('both pictures', async () => (await pictures()).length === 2);
    const before = { energy: await energy(), pictures: await pictures() };
    await workbench.goTo(16, 11);
    await workbench.press('Backspace', 'Backspace');
    await workbench.page.keyboard.type('16');
    await until('another energy', async () => /mean r 1[56] keeps/u.test(await energy()));
    await until('other pictures', async () => {
      const now = await pictures();
      return now.length === 2 && now.join() !== before.pictures.join();
    });
    await until('another plan', async () => (await plan()) !== planned);
    await workbench.command('File: Revert File');
    await until(
      'all as before',
      async () => (await energy()) === before.energy && (await plan()) === planned,
    );
    await until('the pictures before', async () => (await pictures()).join() === before.pictures.join());
  });

  const hover = () => workbench.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content').first();

  /** Shows the hover at a place, with its picture drawn. */
  const hoverAt = async (line: number, column: number): Promise<void> => {
    await workbench.goTo(line, column);
    await workbench.command('Show or Focus Hover');
    await until('the picture', () =>
      hover()
        .locator('img[src^="data:image/svg+xml"]')
        .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 100),
    );
  };

  it('are told of under the pointer, by layer and by rank', async () => {
    await hoverAt(16, 4);
    const text = await hover().innerText();
    expect(text).toMatch(/mean r 32 \(\d+ to \d+\) keeps \d+ % of the energy/u);
    expect(text).toMatch(/Effective rank [\d.]+ \([\d.]+ to [\d.]+\) · stable rank [\d.]+/u);
    const rows = await hover().locator('table tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s+/u).slice(0, 3))).toEqual([
      ['rank', '4', '8'],
      ['energy', expect.stringMatching(/^\d+$/u), '%'],
    ]);
    expect(rows[0]).toContain('▸ allocated');
    for (const theme of PICTURES === undefined ? [] : [...THEME_NAMES, OPENING_THEME]) {
      await workbench.press('Escape');
      await session.theme(theme);
      await hoverAt(16, 4);
      await workbench.picture(`hover-rank-${theme}`);
    }
  });

  it('are a link away from there', async () => {
    await hover().getByText('Open rank board').click();
    const page = await webview(workbench.page, RANKS);
    await until('all layers', async () => (await page.getByRole('gridcell').count()) === 35);
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

  it('lead to another rank by a drag of the cut, in one step that can be undone', async () => {
    const page = await webview(workbench.page, SPECTRA);
    const cut = page.getByRole('slider').first();
    await cut.scrollIntoViewIfNeeded();
    const box = await cut.boundingBox();
    if (box === null) throw new Error('the cut has no place');
    const { mouse } = workbench.page;
    const [left, top] = [box.x + box.width / 2, box.y + box.height / 2];
    await mouse.move(left, top);
    await mouse.down();
    await mouse.move(left - 30, top, { steps: 6 });
    const tried = async (): Promise<number> => Number(await cut.getAttribute('aria-valuenow'));
    await until('a lower rank to be tried', async () => (await tried()) < 32);
    const rank = await tried();
    // Nothing is written before it is let go.
    expect(await saved()).toMatch(/^ {2}rank: 32$/mu);
    await mouse.up();
    await until('the rank it was let go at', async () =>
      new RegExp(`^ {2}rank: ${rank}$`, 'mu').test(await saved()),
    );
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

  it('of a run that is too large for the machine bring a warning, with what makes it fit', async () => {
    await workbench.command('View: Close All Editors');
    await workbench.openFile(HUGE);
    const before = readFileSync(join(session.workspace, HUGE), 'utf8');
    const warned = () => workbench.page.locator('.squiggly-warning').first().isVisible();
    await until('the warning', warned, 150_000);
    await until('the plan', async () => /~[\d.]+ GB peak/u.test(await plan()));
    await workbench.picture('too-large-plan');
    const lines = before.split('\n');
    const line = lines.findIndex((text) => text.includes('recompute'));
    await workbench.goTo(line + 1, (lines[line]?.indexOf('none') ?? 0) + 2);
    await session.pictures('too-large');
    const row = workbench.page
      .locator('.action-widget .monaco-list-row', { hasText: 'Set training.batch_size' })
      .first();
    await until('the fix', async () => {
      // A list that is open when the warning is told anew is closed.
      await workbench.press('Escape', 'Control+.');
      await row.waitFor({ timeout: 3000 });
      await workbench.picture('too-large-fixes');
      await row.click({ timeout: 3000 });
      return true;
    });
    await until('smaller batches', async () => {
      const [, size = '', accumulation = ''] =
        /^ {2}batch_size: (\d+) # all\n {2}gradient_accumulation: (\d+)$/mu.exec(await saved(HUGE)) ?? [];
      return Number(size) * Number(accumulation) === BATCH;
    });
    await until('no warning', async () => !(await warned()));
  });

  it('break no policy and throw no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

/** Rows of a batch that no machine has room for. */
const BATCH = 8192;

/** An experiment that takes all rows at once, and of the sample's so many that they do not fit into this machine. */
function makeHuge(folder: string, text: string): void {
  const rows = readFileSync(join(folder, 'data', 'moby-dick.train.jsonl'), 'utf8');
  const copies = Math.ceil((1.5 * totalmem()) / (8e6 * rows.split('\n').length));
  writeFileSync(join(folder, 'data', 'huge.jsonl'), rows.repeat(copies));
  const huge = text
    .replace('moby-dick.train', 'huge')
    .replace('max_length: 128', 'max_length: 256')
    .replace(/batch_size: 16.*/u, `batch_size: ${BATCH} # all`);
  writeFileSync(join(folder, HUGE), `${huge}\nmemory: { recompute: none }\n`);
}

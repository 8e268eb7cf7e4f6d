import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors';
import { axeViolations, drawn, keepPicture, screenshot } from './support/panel';
import { expectSound, panelTests, THEME_NAMES } from './support/panelTests';
import { RanksHost, type RanksWorld } from './support/ranks';

const open = panelTests('ranks', (world: RanksWorld) => new RanksHost(world));

const cell = (page: Page, name: RegExp) => page.getByRole('gridcell', { name });
const budget = (page: Page) => page.getByRole('slider', { name: 'Budget' });
const apply = (page: Page) => page.getByRole('button', { name: 'Apply' });

/** Waits until the plan is on the page. */
async function planned(page: Page): Promise<void> {
  await page.waitForSelector('.grid-cell');
  await expect.poll(() => page.locator('.grid-cell.pending').count()).toBe(0);
}

describe.each(THEME_NAMES)('the page in the %s theme', (theme) => {
  it.each([400, 900, 1400])('shows everything at %i px, and axe finds nothing', async (size) => {
    const { page, panel: opened } = await open({ theme, size });
    await planned(page);
    await cell(page, /^layer 3, q_proj,/u).click();
    await page.getByRole('menuitemradio', { name: 'Pin rank 64' }).click();
    await cell(page, /^layer 3, q_proj, rank 64, pinned/u).hover();
    if (size === 400) await page.getByText('Board as a table').click();
    await page.waitForTimeout(100);
    if (size === 900) {
      await page.getByRole('combobox', { name: 'Compare with' }).selectOption('uniform');
      await page.waitForTimeout(200);
    }
    if (size === 1400) {
      await page.getByRole('combobox', { name: 'Compare with' }).selectOption('run-1');
      await page.getByRole('checkbox', { name: 'Side by side' }).click();
      await page.waitForTimeout(200);
      await cell(page, /^layer 7, v_proj, rank/u).click();
    }
    await expectSound(opened, `ranks-${theme}-${size}`);
  });
});

describe('the page', () => {
  it('is worked by the keyboard alone: budget, pin, unpin, apply', async () => {
    const { page, host: made, panel: opened } = await open();
    await planned(page);
    expect(await apply(page).getAttribute('disabled')).not.toBeNull();
    await budget(page).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => made.planned.at(-1)?.budget).toEqual({ unit: 'rank', value: 26 });
    await expect.poll(() => page.getByRole('status').textContent()).toBe('Changed: budget');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.getByRole('status').textContent()).toBe('As in the experiment');

    await cell(page, /^layer 0, q_proj,/u).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.getAttribute("aria-label")');
    await expect.poll(focused).toMatch(/^layer 31, k_proj, rank 4, keeps \d+ % of the energy/u);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('By the rule (now 4)');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect.poll(focused).toMatch(/^layer 31, k_proj/u);
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toMatch(/^layer 31, k_proj, rank 64, pinned, keeps/u);
    await expect.poll(() => page.locator('.grid-cell.pinned').count()).toBe(1);
    await page.keyboard.press('Delete');
    await expect.poll(focused).toMatch(/^layer 31, k_proj, rank 4, keeps/u);
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('status').textContent()).toBe('Changed: pins');
    await apply(page).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => made.applied.length).toBe(1);
    expect(made.applied[0]?.pinned).toEqual({ 'model.layers.31.self_attn.k_proj': 64 });
    await expect.poll(() => apply(page).getAttribute('disabled')).not.toBeNull();
    await expect.poll(() => page.getByRole('status').textContent()).toBe('As in the experiment');
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  it('asks for one plan at a time while the slider is dragged, ends with the newest, and never goes blank', async () => {
    const { page, host: made } = await open({ slow: 60 });
    await planned(page);
    await page.evaluate(`
      window.blank = 0;
      new MutationObserver(() => { if (document.querySelector('.grid-cell.pending')) window.blank++; })
        .observe(document.querySelector('.boards'), { subtree: true, attributes: true, childList: true });
    `);
    await budget(page).focus();
    for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.textContent('.totals')).toMatch(/Mean rank4[34]\.\d/u);
    expect(made.planned.at(-1)?.budget.value).toBe(44);
    expect(made.most).toBe(1);
    expect(made.planned.length).toBeLessThan(22);
    expect(await page.evaluate('window.blank')).toBe(0);
  });

  it('counts the budget in ranks or in parameters', async () => {
    const { page, host: made } = await open();
    await planned(page);
    const before = await page.locator('.totals div', { hasText: 'Trainable' }).textContent();
    await page.getByRole('combobox', { name: 'Budget in' }).selectOption({ label: 'Trainable parameters' });
    await expect.poll(() => made.planned.at(-1)?.budget.unit).toBe('parameters');
    await page.waitForTimeout(100);
    // As much as before, counted otherwise.
    expect(await page.locator('.totals div', { hasText: 'Trainable' }).textContent()).toBe(before);
    await page.getByRole('spinbutton', { name: 'Budget' }).fill('3000000');
    await page.keyboard.press('Enter');
    await expect.poll(() => made.planned.at(-1)?.budget.value).toBe(3_000_000);
    await expect
      .poll(() => page.locator('.totals div', { hasText: 'Trainable' }).textContent())
      .toMatch(/^Trainable(?:3|2\.\d+)M/u);
    await screenshot(page, 'ranks-parameters');
  });

  it('says why a budget cannot be met, keeps the last plan, and applies nothing', async () => {
    const { page, host: made } = await open();
    await planned(page);
    await page.getByRole('combobox', { name: 'Least rank' }).selectOption('32');
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('the budget is less than');
    await expect.poll(() => apply(page).getAttribute('disabled')).not.toBeNull();
    expect(await page.locator('.grid-cell.pending').count()).toBe(0);
    await screenshot(page, 'ranks-too-little');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Revert' }).click();
    await expect.poll(() => page.locator('.notice').isHidden()).toBe(true);
    await expect.poll(() => made.planned.at(-1)).toEqual(made.configured);
    expect(made.errors.map(({ message }) => message)).toEqual([expect.stringContaining('Raise the budget')]);
  });

  it('shares out by another rule, between other ranks', async () => {
    const { page, host: made } = await open();
    await planned(page);
    await page.getByRole('combobox', { name: 'Rule' }).selectOption({ label: 'Uniform' });
    await expect.poll(() => cell(page, /, rank 16, keeps/u).count()).toBe(224);
    await page.getByRole('combobox', { name: 'Greatest rank' }).selectOption('8');
    await expect.poll(() => cell(page, /, rank 8, keeps/u).count()).toBe(224);
    // The least rank gives way where the greatest goes below it.
    await page.getByRole('combobox', { name: 'Least rank' }).selectOption('8');
    await page.getByRole('combobox', { name: 'Greatest rank' }).selectOption('4');
    await expect.poll(() => made.planned.at(-1)).toMatchObject({ rule: 'uniform', min: 4, max: 4 });
  });

  it('compares with one rank for all, and with a run that has been', async () => {
    const { page } = await open({ size: 1200 });
    await planned(page);
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('uniform');
    const uniform = cell(page, /^layer 30, down_proj, rank 64, .*uniform 24, difference \+40$/u);
    await expect.poll(() => uniform.textContent()).toBe('+40');
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('run-1');
    await expect.poll(() => cell(page, /^layer 30, down_proj, rank 64/u).textContent()).toBe('+48');
    await page.getByRole('checkbox', { name: 'Side by side' }).click();
    await expect.poll(() => page.getByRole('grid').count()).toBe(2);
    await expect
      .poll(() => cell(page, /^layer 30, down_proj, gsm8k, Nov 24 12:00: rank 16$/u).count())
      .toBe(1);
    await expect.poll(() => page.textContent('.totals')).toContain('gsm8k, Nov 24 12:00: 16.0');
    await page.getByText('Board as a table').click();
    await expect.poll(() => page.locator('thead th').allTextContents()).toContain('gsm8k, Nov 24 12:00');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(224);
  });

  it('clears all pins at once', async () => {
    const { page, host: made } = await open();
    await planned(page);
    for (const name of [/^layer 1, q_proj,/u, /^layer 2, v_proj,/u]) {
      await cell(page, name).click();
      await page.getByRole('menuitemradio', { name: 'Pin rank 32' }).click();
    }
    await expect.poll(() => page.textContent('.plan-controls')).toContain('2 pinned');
    await page.getByRole('button', { name: 'Clear all pins' }).click();
    await expect.poll(() => page.locator('.grid-cell.pinned').count()).toBe(0);
    await expect.poll(() => made.planned.at(-1)).toEqual(made.configured);
  });

  it('comes back with what was changed and not applied', async () => {
    const first = await open();
    await planned(first.page);
    await first.page.getByRole('combobox', { name: 'Rule' }).selectOption({ label: 'Uniform' });
    await first.page.getByRole('combobox', { name: 'Compare with' }).selectOption('uniform');
    await expect.poll(async () => JSON.stringify(await first.panel.keptState())).toContain('"uniform"');
    const state = await first.panel.keptState();
    first.host.dispose();
    await first.page.close();
    const { page, host: made } = await open({ state });
    await planned(page);
    await expect.poll(() => page.getByRole('status').textContent()).toBe('Changed: rule');
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Compare with' }).inputValue())
      .toBe('uniform');
    await expect.poll(() => made.planned.at(-1)?.rule).toBe('uniform');
  });

  it('says how far it is, is cancelled, and goes on', async () => {
    const { page, host: made } = await open({ paused: true });
    await expect.poll(() => page.textContent('.notice')).toContain('Reading the energies: 41 of 224 modules');
    await screenshot(page, 'ranks-working');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => page.textContent('.notice')).toContain('Cancelled');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => page.textContent('.notice')).toContain('41 of 224');
    made.go();
    await planned(page);
  });

  it('says what to do where there is nothing, where nothing may be read, and what is wrong', async () => {
    const { page, host: made } = await open({ empty: true, trusted: false });
    await expect.poll(() => page.textContent('.notice')).toContain('Open an experiment file');
    made.world.failure = new InputError({
      what: 'the model is not there',
      file: '/work/gsm8k.tune.yaml',
      line: 2,
      remedy: 'Write the path of a model.',
    });
    made.show();
    await expect.poll(() => page.textContent('.notice')).toContain('needs a trusted workspace');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Manage trust…' }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('Write the path of a model.');
    await screenshot(page, 'ranks-failed');
    await expect.poll(() => page.getByRole('link', { name: 'gsm8k.tune.yaml, line 2' }).count()).toBe(1);
    made.world.failure = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await planned(page);
  });
});

describe.each(THEME_NAMES)('the board of a run, in the %s theme', (theme) => {
  it('shows the ranks that the run got, and lets nothing be changed', async () => {
    const { page, host: made, panel: opened } = await open({ theme, run: true, layers: 12 });
    await planned(page);
    expect(await budget(page).isVisible()).toBe(false);
    expect(await apply(page).isVisible()).toBe(false);
    await cell(page, /^layer 3, q_proj, rank 16,/u).click();
    await drawn(page);
    expect(await page.getByRole('menu').isVisible()).toBe(false);
    await page.keyboard.press('Delete');
    await drawn(page);
    expect(await page.locator('.grid-cell.pinned').count()).toBe(0);
    await expect
      .poll(() => page.getByRole('status').textContent())
      .toBe('The run has been: its ranks stand.');
    await page.waitForTimeout(100);
    await expectSound(opened, `ranks-run-${theme}`);
    expect(made.planned).toHaveLength(1);
  });
});

describe('the board', () => {
  it('is saved as vectors, pixels and numbers', async () => {
    const { page, host: made, panel: opened } = await open({ layers: 6 });
    await planned(page);
    const save = async (name: string): Promise<void> => {
      await page.getByText('Save as').click();
      await screenshot(page, 'ranks-save');
      await page.getByRole('button', { name }).click();
    };
    await cell(page, /^layer 3, q_proj,/u).click();
    await page.getByRole('menuitemradio', { name: 'Pin rank 64' }).click();
    await expect.poll(() => page.locator('.grid-cell.pinned').count()).toBe(1);
    await save('Picture (SVG)');
    await expect.poll(() => made.saved.svg).toBeDefined();
    const { svg = '' } = made.saved;
    for (const word of ['Ranks: gsm8k', 'Mean rank', 'rank 64 ×', 'gate_proj', '>64</text>']) {
      expect(svg).toContain(word);
    }
    const parsed: unknown = await page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror') === null`,
    );
    expect(parsed).toBe(true);
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('run-1');
    await page.getByRole('checkbox', { name: 'Side by side' }).click();
    await save('Picture (PNG)');
    await expect.poll(() => made.saved.png?.length ?? 0).toBeGreaterThan(5000);
    keepPicture('ranks-saved', made.saved.png);
    await save('Ranks of all modules (CSV)');
    await expect.poll(() => made.saved.csv?.split('\r\n').length).toBe(1 + 42 + 1);
    expect(made.saved.csv).toMatch(
      /^module,kind,layer,rows,columns,rank,pinned,.*"rank in gsm8k, Nov 24 12:00"\r\n/u,
    );
    expect(made.saved.csv).toMatch(/^model\.layers\.3\.self_attn\.q_proj,q_proj,3,576,576,64,yes,/mu);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });
});

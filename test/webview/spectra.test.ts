import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors';
import { isRecord } from '../../src/base/guards';
import { axeViolations, drawn, screenshot } from './support/panel';
import { expectSound, panelTests, THEME_NAMES } from './support/panelTests';
import { SpectraHost, type SpectraWorld } from './support/spectra';

const open = panelTests('spectra', (world: SpectraWorld) => new SpectraHost(world));

const cell = (page: Page, name: RegExp) => page.getByRole('gridcell', { name });
const slider = (page: Page) => page.getByRole('slider', { name: /^Rank of/u });
const mark = (page: Page) => page.getByRole('slider', { name: 'Step of training' });
const rows = (page: Page) => page.locator('.curve-list li');

/** Waits until all spectra are on the page. */
async function filled(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.grid-cell.pending:not(.unchanged)').count()).toBe(0);
  await page.waitForSelector('.curve-list li');
}

describe.each(THEME_NAMES)('the page in the %s theme', (theme) => {
  it.each([400, 900, 1400])('shows everything at %i px, and axe finds nothing', async (size) => {
    const { page, panel: opened } = await open({ theme, size, tuned: size === 1400 });
    await filled(page);
    await page.keyboard.down('Control');
    await cell(page, /^layer 20, down_proj,/u).click();
    await page.keyboard.up('Control');
    await page.getByText('Energy by rank').click();
    await cell(page, /^layer 3, q_proj,/u).hover();
    await page.waitForTimeout(200);
    await expectSound(opened, `spectra-${theme}-${size}`);
  });
});

describe('the page', () => {
  it('fills in as spectra come, says how far it is, is cancelled and goes on', async () => {
    const { page, host: made, panel: opened } = await open({ pauseAfter: 41 });
    await expect.poll(() => page.textContent('.notice')).toContain('First approximation: 41 of 224');
    await expect.poll(() => page.locator('.grid-cell:not(.pending)').count()).toBe(41);
    await expect.poll(() => cell(page, /^layer 31, q_proj, energy at 32: not there yet$/u).count()).toBe(1);
    await screenshot(page, 'spectra-working');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => page.textContent('.notice')).toContain('Cancelled: 41 of 224 spectra are there.');
    made.go();
    await drawn(page);
    expect(await page.locator('.grid-cell.pending').count()).toBe(224 - 41);
    await screenshot(page, 'spectra-cancelled');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => page.textContent('.notice')).toContain('41 of 224');
    made.go();
    await filled(page);
    await expect.poll(() => page.locator('.notice').isHidden()).toBe(true);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  it('is worked by the keyboard alone', async () => {
    const { page, host: made, panel: opened } = await open();
    await filled(page);
    await page.getByRole('combobox', { name: 'Show' }).focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press('Tab');
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.getAttribute("aria-label")');
    await expect.poll(focused).toMatch(/^layer 0, q_proj, energy at 32: \d+/u);
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await expect.poll(focused).toMatch(/^layer 2, v_proj/u);
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await expect.poll(focused).toMatch(/^layer 31, v_proj/u);
    await page.keyboard.press('Space');
    await page.keyboard.press('Control+Home');
    await expect.poll(focused).toMatch(/^layer 0, q_proj/u);
    const names = (): Promise<string[]> => page.locator('.curve-name').allTextContents();
    await expect.poll(names).toEqual(['layer 2, v_proj', 'layer 31, v_proj']);

    await slider(page).focus();
    for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
    await expect.poll(() => slider(page).getAttribute('aria-valuenow')).toBe('37');
    await expect
      .poll(() => slider(page).getAttribute('aria-valuetext'))
      .toMatch(/^r 37 keeps \d+ % of the energy$/u);
    // Several presses are one edit, once the keys rest.
    await expect.poll(() => made.ranks).toEqual([37]);
    await expect.poll(() => page.textContent('.scree')).toContain('now 37');
    await page.keyboard.press('PageUp');
    await expect.poll(() => slider(page).getAttribute('aria-valuenow')).toBe('74');
    await page.keyboard.press('Escape');
    await expect.poll(() => slider(page).getAttribute('aria-valuenow')).toBe('37');
    await page.getByRole('button', { name: 'Remove layer 2, v_proj' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(names).toEqual(['layer 31, v_proj']);
    await page.waitForTimeout(700);
    expect(made.ranks).toEqual([37]);
    expect(await opened.complaints()).toEqual([]);
  });

  it('lets the cut be dragged, tells what it keeps all the way, and writes the rank when it is let go', async () => {
    const { page, host: made } = await open();
    await filled(page);
    await slider(page).scrollIntoViewIfNeeded();
    const box = await slider(page).boundingBox();
    if (box === null) throw new Error('the cut has no place');
    const before = (await cell(page, /^layer 9, o_proj,/u).getAttribute('aria-label')) ?? '';
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 120, box.y + 40, { steps: 6 });
    await drawn(page);
    const tried = Number(await slider(page).getAttribute('aria-valuenow'));
    expect(tried).toBeGreaterThan(60);
    await expect.poll(() => page.textContent('.curve-main')).toMatch(new RegExp(`^r ${tried} keeps`, 'u'));
    // The map goes along: it tells the energy at the rank that is tried out.
    const after = cell(page, new RegExp(`^layer 9, o_proj, energy at ${tried}: `, 'u'));
    expect(await after.getAttribute('aria-label')).not.toBe(before);
    expect(made.ranks).toEqual([]);
    await page.mouse.up();
    await expect.poll(() => made.ranks).toEqual([tried]);
    await expect.poll(() => page.textContent('.scree')).toContain(`now ${tried}`);
    // Nothing was zoomed by the drag.
    expect(await page.getByRole('button', { name: 'Show all' }).getAttribute('disabled')).not.toBeNull();
  });

  it('cuts a model without an experiment, and writes nothing', async () => {
    const { page, host: made } = await open({ plain: true });
    await filled(page);
    await slider(page).focus();
    await page.keyboard.press('PageUp');
    await expect.poll(() => page.textContent('.curve-main')).toMatch(/^r 32 keeps/u);
    await page.waitForTimeout(700);
    expect(made.ranks).toEqual([]);
    expect(await slider(page).getAttribute('aria-valuenow')).toBe('32');
  });

  it('lays modules over one another, and takes them away', async () => {
    const { page } = await open();
    await filled(page);
    await cell(page, /^layer 4, q_proj,/u).click();
    await cell(page, /^layer 4, up_proj,/u).click({ modifiers: ['Control'] });
    await cell(page, /^layer 12, q_proj,/u).click({ modifiers: ['Shift'] });
    await expect.poll(() => rows(page).count()).toBe(3);
    await expect.poll(() => page.locator('[aria-selected="true"]').count()).toBe(3);
    await expect
      .poll(() => page.getAttribute('canvas', 'aria-label'))
      .toMatch(/layer 4, up_proj: from .* r 32 keeps/u);
    await cell(page, /^layer 4, up_proj,/u).click({ modifiers: ['Control'] });
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.getByRole('button', { name: 'Remove layer 12, q_proj' }).click();
    await page.getByRole('button', { name: 'Remove layer 4, q_proj' }).click();
    await expect.poll(() => page.textContent('.scree')).toContain('Choose a module in the map');
    await expect.poll(() => slider(page).count()).toBe(0);
  });

  it('compares a tuned model with its base, and shows what the change is made of', async () => {
    const { page } = await open({ tuned: true, size: 1200 });
    await filled(page);
    await expect.poll(() => rows(page).count()).toBe(3);
    await expect
      .poll(() => rows(page).nth(2).textContent())
      .toMatch(
        /ΔW.*\d+ % of its top 16 directions lie in those of the weight, \d+ % of it is new directions/u,
      );
    await page.getByRole('combobox', { name: 'of' }).selectOption({ label: 'ΔW' });
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'New directions' });
    await expect.poll(() => cell(page, /^layer 5, k_proj, new directions: \d+ %$/u).count()).toBe(1);
    await page.getByRole('checkbox', { name: 'tuned' }).click();
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.waitForTimeout(100);
    await screenshot(page, 'spectra-change');
  });

  it('marks what is approximate, and says within what', async () => {
    const { page } = await open({ rough: true });
    await filled(page);
    await expect.poll(() => page.locator('.grid-cell.rough').count()).toBe(224);
    await cell(page, /^layer 1, k_proj, energy at 32: [\d.]+ %, approximate$/u).hover();
    await expect
      .poll(() => page.textContent('.readout-line'))
      .toContain('the top 80 values, each within 0.012');
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Effective rank' });
    await expect.poll(() => cell(page, /^layer 1, k_proj, effective rank: not known$/u).count()).toBe(1);
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Decay exponent' });
    await page.waitForTimeout(100);
    await screenshot(page, 'spectra-rough');
    expect(await axeViolations(page)).toEqual([]);
  });

  it('saves vectors, pixels and numbers', async () => {
    const { page, host: made, panel: opened } = await open({ layers: 6 });
    await filled(page);
    const save = async (name: string): Promise<void> => {
      await page.getByText('Save as').click();
      await page.getByRole('button', { name }).click();
    };
    await save('Picture (SVG)');
    await expect.poll(() => made.saved.svg).toBeDefined();
    const { svg = '' } = made.saved;
    for (const word of [
      'Spectra: gsm8k',
      'Energy at the rank',
      'gate_proj',
      'layer 0, q_proj',
      'r 32 keeps',
    ]) {
      expect(svg).toContain(word);
    }
    expect(svg.match(/<rect /gu)?.length).toBeGreaterThan(42);
    const parsed: unknown = await page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror') === null`,
    );
    expect(parsed).toBe(true);
    await save('Picture (PNG)');
    await expect.poll(() => made.saved.png?.length ?? 0).toBeGreaterThan(10_000);
    expect([...(made.saved.png?.subarray(0, 4) ?? [])]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    await save('Measures of all modules (CSV)');
    await expect.poll(() => made.saved.csv?.split('\r\n').length).toBe(1 + 42 + 1);
    await save('Singular values drawn (CSV)');
    await expect.poll(() => made.saved.csv).toMatch(/^spectra_of,step,module,index,singular_value,/u);
    expect(made.saved.csv?.split('\r\n').length).toBe(1 + 576 + 1);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  it('comes back as it was', async () => {
    const first = await open();
    await filled(first.page);
    await first.page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Stable rank' });
    await cell(first.page, /^layer 8, gate_proj,/u).click();
    await first.page.locator('summary', { hasText: 'Axes' }).click();
    await first.page.getByRole('checkbox', { name: 'Log index' }).click();
    await first.page.getByText('Map as a table').click();
    await expect.poll(async () => JSON.stringify(await first.panel.keptState())).toContain('measures');
    const state = await first.panel.keptState();
    expect(isRecord(state) && state.subject).toEqual({ kind: 'experiment', path: '/work/gsm8k.tune.yaml' });
    first.host.dispose();
    await first.page.close();
    const { page } = await open({ state });
    await filled(page);
    await expect.poll(() => page.locator('.curve-name').allTextContents()).toEqual(['layer 8, gate_proj']);
    await expect.poll(() => cell(page, /^layer 8, gate_proj, stable rank: [\d.]+$/u).count()).toBe(1);
    await expect.poll(() => page.locator('tbody tr').count()).toBe(224);
    await page.locator('summary', { hasText: 'Axes' }).click();
    await expect
      .poll(() => page.getByRole('checkbox', { name: 'Log index' }).getAttribute('aria-checked'))
      .toBe('false');
    await screenshot(page, 'spectra-linear');
  });

  it('says what to do where there is nothing, and where nothing may be read', async () => {
    const { page, host: made } = await open({ empty: true, trusted: false });
    await expect.poll(() => page.textContent('.notice')).toContain('Open an experiment file');
    await screenshot(page, 'spectra-empty');
    made.show();
    await expect.poll(() => page.textContent('.notice')).toContain('needs a trusted workspace');
    await screenshot(page, 'spectra-untrusted');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Manage trust…' }).click();
    await expect.poll(() => made.trusts).toBe(1);
    await filled(page);
  });

  it('says what is wrong, opens its place, and tries again', async () => {
    const failure = new InputError({
      what: 'the folder models/SmolLM2 is not there',
      file: '/work/gsm8k.tune.yaml',
      line: 2,
      column: 8,
      remedy: 'Write the path of a model.',
    });
    const { page, host: made } = await open({ failure });
    await expect
      .poll(() => page.textContent('.notice'))
      .toContain('is not there. Write the path of a model.');
    await screenshot(page, 'spectra-failed');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'gsm8k.tune.yaml, line 2, column 8' }).click();
    await expect.poll(() => made.places).toBe(1);
    made.world.failure = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await filled(page);
    // A fault in a later text keeps what is there.
    made.world.failure = failure;
    made.show();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('is not there');
    await drawn(page);
    expect(await rows(page).count()).toBe(1);
    expect(made.errors).toEqual([]);
  });
});

describe.each(THEME_NAMES)('what training changed, in the %s theme', (theme) => {
  it('is shown along the losses, and axe finds nothing', async () => {
    const size = theme === 'light' ? 400 : 900;
    const { page, panel: opened } = await open({ theme, size, run: true, recorded: 13, plain: true });
    await filled(page);
    await mark(page).focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.textContent('.timeline-head')).toContain('Step 275 of 300');
    await page.waitForTimeout(200);
    await expectSound(opened, `spectra-training-${theme}`);
  });

  it('is shown beside another model that is compared with', async () => {
    const { page, panel: opened } = await open({ theme, layers: 12, recorded: 5 });
    await filled(page);
    await page.getByRole('button', { name: 'Compare with model…' }).click();
    await expect.poll(() => rows(page).count()).toBe(4);
    await page.waitForTimeout(250);
    await expectSound(opened, `spectra-compared-${theme}`);
  });
});

describe('what training changed', () => {
  it('is played to the last step by the keyboard alone, each step once and in order', async () => {
    const { page, host: made, panel: opened } = await open({ run: true, recorded: 9, layers: 4 });
    await filled(page);
    await expect.poll(() => mark(page).getAttribute('aria-valuenow')).toBe('200');
    const stable = cell(page, /^layer 1, q_proj, stable rank: [\d.]+$/u);
    const spoken = (): Promise<string | null> => stable.getAttribute('aria-label');
    const last = await spoken();
    await mark(page).focus();
    for (const [key, step] of [
      ['Home', '0'],
      ['PageUp', '50'],
      ['ArrowDown', '25'],
      ['End', '200'],
      ['PageDown', '150'],
      ['ArrowLeft', '125'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => mark(page).getAttribute('aria-valuenow')).toBe(step);
    }
    await expect.poll(() => made.stepped.at(-1)).toBe(125);
    await expect
      .poll(() => mark(page).getAttribute('aria-valuetext'))
      .toMatch(/^step 125 of 200, training loss [\d.]+, evaluation loss [\d.]+$/u);
    await expect.poll(spoken).not.toBe(last);
    made.stepped.length = 0;
    await page.keyboard.press('Space');
    await expect.poll(() => page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
    await expect.poll(() => made.stepped).toEqual([150, 175, null]);
    await expect.poll(() => page.getByRole('button', { name: 'Play' }).count()).toBe(1);
    await expect.poll(spoken).toBe(last);
    // From the end it begins again; another key press pauses it.
    await page.getByRole('button', { name: 'Play' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => made.stepped.at(-1)).toBe(0);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('button', { name: 'Play' }).count()).toBe(1);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  it('is stepped through with the mouse, on axes and colours that stay', async () => {
    const { page } = await open({ recorded: 9, layers: 4 });
    await filled(page);
    const scale = (): Promise<string | null> => page.textContent('.scale');
    const box = await page.locator('.strip').boundingBox();
    if (box === null) throw new Error('the strip has no place');
    await page.mouse.click(box.x + box.width / 2, box.y + 20);
    await expect.poll(() => mark(page).getAttribute('aria-valuenow')).toBe('100');
    // Who plays what training changed sees it in the map, too.
    await expect.poll(() => page.getByRole('combobox', { name: 'of' }).inputValue()).toBe('training');
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Largest singular value' });
    await page.waitForTimeout(100);
    const shown = await scale();
    await page.getByRole('button', { name: 'Previous step' }).click();
    await expect.poll(() => page.textContent('.timeline-head')).toContain('Step 75 of 200');
    await page.waitForTimeout(100);
    expect(await scale()).toBe(shown);
    await expect
      .poll(() => page.locator('.curve-name').allTextContents())
      .toContain('layer 0, q_proj · ΔW of gsm8k-lamda, step 75');
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Columns still trained' });
    await expect.poll(() => cell(page, /^layer 0, q_proj, columns still trained: 14$/u).count()).toBe(1);
    await page.waitForTimeout(100);
    await screenshot(page, 'spectra-live-columns');
    // Before the first step nothing has changed.
    await mark(page).focus();
    await page.keyboard.press('Home');
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Stable rank' });
    await expect.poll(() => cell(page, /^layer 0, q_proj, stable rank: no change$/u).count()).toBe(1);
    await screenshot(page, 'spectra-unchanged');
  });

  it('grows while the run is at work, and the last step is followed', async () => {
    const { page, host: made } = await open({ run: true, recorded: 3, live: true, layers: 4 });
    await filled(page);
    await expect.poll(() => page.textContent('.timeline-head')).toContain('Step 50 of 50');
    await expect.poll(() => page.textContent('.timeline-run')).toContain('at work: further steps come');
    made.training.grow();
    await expect.poll(() => page.textContent('.timeline-head')).toContain('Step 75 of 75');
    await page.getByRole('button', { name: 'Previous step' }).click();
    await expect.poll(() => made.stepped.at(-1)).toBe(50);
    made.training.grow();
    await expect.poll(() => page.textContent('.timeline-head')).toContain('Step 50 of 100');
  });

  it('does not move by itself for who wants no motion', async () => {
    const { page, host: made } = await open({ run: true, recorded: 3, layers: 4, stillness: true });
    await filled(page);
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
    const glide: unknown = await page.evaluate(
      'parseFloat(getComputedStyle(document.querySelector(".step-mark")).transitionDuration)',
    );
    expect(glide).toBeLessThan(0.001);
    await expect.poll(() => made.stepped).toEqual([0, 25, null]);
  });

  it('comes back at the step and with the model that were looked at', async () => {
    const first = await open({ recorded: 5, layers: 4 });
    await filled(first.page);
    await mark(first.page).focus();
    await first.page.keyboard.press('Home');
    await first.page.getByRole('button', { name: 'Compare with model…' }).click();
    await expect
      .poll(async () => JSON.stringify(await first.panel.keptState()))
      .toContain('"compared":"/models/SmolLM2-135M-Instruct"');
    const state = await first.panel.keptState();
    first.host.dispose();
    await first.page.close();
    const { page, host: made } = await open({ recorded: 5, layers: 4, state });
    await filled(page);
    await expect.poll(() => made.stepped).toEqual([0]);
    await expect.poll(() => mark(page).getAttribute('aria-valuenow')).toBe('0');
  });
});

describe('a comparison', () => {
  it('lays another model’s curves beside the first, and goes away again, by the keyboard', async () => {
    const { page, host: made, panel: opened } = await open({ layers: 4 });
    await filled(page);
    await page.getByRole('button', { name: 'Compare with model…' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => rows(page).count()).toBe(3);
    await expect
      .poll(() => page.locator('.curve-name').allTextContents())
      .toEqual([
        'layer 0, q_proj · SmolLM2-135M',
        'layer 0, q_proj · SmolLM2-135M-Instruct',
        'layer 0, q_proj · ΔW of SmolLM2-135M-Instruct',
      ]);
    const dashes = (): Promise<(string | null)[]> =>
      page
        .locator('.curve-list .swatch path[stroke-dasharray]')
        .evaluateAll((paths: Element[]) => paths.map((path) => path.getAttribute('stroke-dasharray')));
    await expect.poll(async () => new Set(await dashes()).size).toBe(3);
    await page.getByRole('button', { name: 'Compare with SmolLM2-135M-Instruct no longer' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => rows(page).count()).toBe(1);
    await expect.poll(() => page.getByRole('button', { name: 'Compare with model…' }).count()).toBe(1);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/runs/survey/summary';
import { CurvesHost } from './support/curves';
import { axeViolations, openPanel, type OpenPanel, screenshot, startBrowser } from './support/panel';
import { type RunSketch, writeRun } from './support/runs';
import { type ThemeName, THEMES } from './support/themes';

const SKETCHES: readonly RunSketch[] = [
  {
    name: 'lamda++ rank 32',
    method: 'lamda++',
    status: 'running',
    steps: 600,
    done: 380,
    evalEvery: 50,
    from: 3.1,
    to: 1.25,
    seed: 1,
  },
  {
    name: 'lora rank 32',
    method: 'lora',
    status: 'done',
    steps: 600,
    evalEvery: 50,
    from: 3.1,
    to: 1.35,
    seed: 2,
  },
  {
    name: 'pissa rank 32',
    method: 'pissa',
    status: 'stopped',
    steps: 600,
    done: 420,
    evalEvery: 50,
    from: 3.0,
    to: 1.2,
    seed: 3,
  },
  {
    name: 'full',
    method: 'full',
    status: 'failed',
    steps: 600,
    done: 180,
    evalEvery: 50,
    from: 3.2,
    to: 1.6,
    seed: 4,
  },
];

let browser: Browser;
let root: string;
let runs: RunSummary[];
let host: CurvesHost | undefined;
let panel: OpenPanel | undefined;

beforeAll(async () => {
  browser = await startBrowser();
  root = mkdtempSync(join(tmpdir(), 'eigenloom-webview-'));
  runs = SKETCHES.map((sketch) => writeRun(root, sketch));
});
afterEach(async () => {
  host?.dispose();
  await panel?.page.close();
  host = panel = undefined;
});
afterAll(async () => {
  await browser.close();
  rmSync(root, { recursive: true, force: true });
});

interface Opening {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly of?: readonly RunSummary[];
  readonly showAll?: boolean;
  readonly state?: unknown;
}

async function open({ theme = 'dark', width = 900, of = runs, showAll = true, state }: Opening = {}) {
  const made = new CurvesHost([...of]);
  host = made;
  if (showAll) {
    const choices = Object.fromEntries(of.map(({ folder }) => [folder, true]));
    made.session.list = { ...made.session.list, choices };
  }
  panel = await openPanel(browser, {
    name: 'curves',
    theme,
    width,
    state,
    host: (channel) => {
      made.connect(channel);
    },
  });
  const { page } = panel;
  return { page, host: made, panel };
}

/** A chart's plot. */
const plot = (metric: string): string => `[data-chart="${metric}"] .plot`;
const canvasLabel = (metric: string): string => `[data-chart="${metric}"] canvas`;

describe.each(Object.keys(THEMES) as ThemeName[])('the page in the %s theme', (theme) => {
  it.each([400, 900, 1600])('shows everything at %i px, and axe finds nothing', async (width) => {
    const { page, panel: opened } = await open({ theme, width });
    await page.waitForSelector(canvasLabel('perplexity'));
    await page.getByRole('slider', { name: 'Smoothing' }).fill('0.9');
    await page.waitForTimeout(500);
    await screenshot(page, `curves-${theme}-${width}`);
    expect(await axeViolations(page)).toEqual([]);
    expect(await opened.complaints()).toEqual([]);
    const overflow: unknown = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
  });
});

describe('the page', () => {
  it('names its charts and says in words what they show', async () => {
    const { page } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    await expect
      .poll(() => page.getAttribute(canvasLabel('loss'), 'aria-label'))
      .toMatch(/^Loss over step\. lamda\+\+ rank 32: 380 values, last [\d.]+ at step 380/u);
    await expect.poll(() => page.locator('.card').count()).toBe(7);
  });

  it('shows the newest run and those at work until others are ticked', async () => {
    const { page } = await open({ showAll: false });
    await page.waitForSelector(canvasLabel('loss'));
    const label = (): Promise<string | null> => page.getAttribute(canvasLabel('loss'), 'aria-label');
    await expect.poll(label).toContain('lamda++ rank 32: 380 values');
    expect(await label()).not.toContain('pissa');
    await page.getByRole('checkbox', { name: 'pissa rank 32' }).click();
    await expect.poll(label).toContain('pissa rank 32: 420 values');
  });

  it('is worked by the keyboard: zoom, move, read, reset', async () => {
    const { page, panel: opened } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    await page.focus(plot('loss'));
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    const range = async (): Promise<unknown> => {
      const state = await opened.keptState();
      return typeof state === 'object' && state !== null && 'range' in state ? state.range : undefined;
    };
    await expect.poll(range).toEqual([expect.any(Number), expect.any(Number)]);
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => page.textContent('[data-chart="loss"] [aria-live]')).toMatch(/^Step \d+: lamda/u);
    // All charts read the same place.
    await expect.poll(() => page.locator('.crosshair:not([hidden]) .readout').count()).toBe(7);
    await screenshot(page, 'curves-zoomed');
    await page.keyboard.press('0');
    await expect.poll(range).toBeNull();
    expect(await opened.complaints()).toEqual([]);
  });

  it('zooms by dragging, by the wheel once it has the focus, and shows all on a double click', async () => {
    const { page, panel: opened } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    const box = await page.locator(plot('loss')).boundingBox();
    if (box === null) throw new Error('the chart has no place');
    const middle = box.y + box.height / 2;
    const range = async (): Promise<readonly unknown[] | null> => {
      const state = await opened.keptState();
      if (typeof state !== 'object' || state === null || !('range' in state)) return null;
      return Array.isArray(state.range) ? state.range : null;
    };
    await page.mouse.move(box.x + box.width * 0.3, middle);
    await page.mouse.wheel(0, -300);
    expect(await range()).toBeNull();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, middle, { steps: 5 });
    await page.mouse.up();
    await expect.poll(range).not.toBeNull();
    const [from, to] = (await range()) ?? [];
    expect(Number(to) - Number(from)).toBeLessThan(300);
    await page.mouse.dblclick(box.x + box.width / 2, middle);
    await expect.poll(range).toBeNull();
    await page.evaluate('scrollTo(0, 0)');
    await page.mouse.move(box.x + box.width / 2, middle);
    await page.mouse.wheel(0, -300);
    // What is drawn right after a turn, as each line of a live run is, does not undo it.
    await opened.setTheme('light');
    await expect.poll(range).not.toBeNull();
    await page.waitForTimeout(400);
    expect(await range()).not.toBeNull();
    expect(await opened.complaints()).toEqual([]);
  });

  it('shows values at the pointer on all charts, and makes the run under it stand out', async () => {
    const { page } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    await page.locator(plot('loss')).hover({ position: { x: 300, y: 150 } });
    await expect.poll(() => page.locator('.crosshair:not([hidden])').count()).toBeGreaterThan(4);
    await expect
      .poll(() => page.textContent('[data-chart="loss"] .readout'))
      .toMatch(/Step \d+.*lora rank 32/u);
    await screenshot(page, 'curves-crosshair');
  });

  it('stops, resumes and opens by naming actions', async () => {
    const { page, host: made } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => made.acts).toEqual([`stop ${runs[0]?.folder ?? ''}`]);
    await page.getByRole('combobox', { name: 'Run' }).selectOption({ label: 'pissa rank 32' });
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => made.acts.at(-1)).toBe(`resume ${runs[2]?.folder ?? ''}`);
  });

  it('saves vectors, pixels and numbers', async () => {
    const { page, host: made, panel: opened } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    const save = async (form: string): Promise<void> => {
      await page.getByText('Save as').click();
      await page.getByRole('button', { name: form }).click();
    };
    await save('SVG');
    await expect.poll(() => made.saved.svg).toBeDefined();
    const { svg = '' } = made.saved;
    expect(svg).not.toContain('<image');
    expect(svg.match(/<path /gu)?.length).toBeGreaterThan(20);
    for (const word of ['Loss', 'Learning rate', 'lamda++ rank 32 (lamda++, running)', 'core']) {
      expect(svg).toContain(word);
    }
    const parsed: unknown = await page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror') === null`,
    );
    expect(parsed).toBe(true);
    await save('PNG');
    await expect.poll(() => made.saved.png?.length ?? 0).toBeGreaterThan(10_000);
    expect([...(made.saved.png?.subarray(0, 4) ?? [])]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    await save('CSV');
    await expect.poll(() => made.saved.csv).toBeDefined();
    const rows = (made.saved.csv ?? '').trimEnd().split('\r\n');
    expect(rows[0]).toMatch(
      /^step,lamda\+\+ rank 32: train loss,lamda\+\+ rank 32: eval loss,lora rank 32: train/u,
    );
    // A row for each step from the evaluation before the first, to the longest run's last.
    expect(rows).toHaveLength(1 + 601);
    expect(await opened.complaints()).toEqual([]);
    expect(made.errors).toEqual([]);
  });

  it('comes back as it was', async () => {
    const first = await open();
    await first.page.waitForSelector(canvasLabel('loss'));
    await first.page.getByRole('combobox', { name: 'Horizontal axis' }).selectOption('tokens');
    await first.page.locator('summary', { hasText: 'Axes' }).click();
    await first.page.getByRole('checkbox', { name: 'Log y' }).click();
    await first.page.getByText('Values as a table').click();
    await expect.poll(async () => JSON.stringify(await first.panel.keptState())).toContain('"table":true');
    const state = await first.panel.keptState();
    first.host.dispose();
    await first.page.close();
    const { page } = await open({ state });
    await page.waitForSelector(canvasLabel('loss'));
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Horizontal axis' }).inputValue())
      .toBe('tokens');
    await page.locator('summary', { hasText: 'Axes (1)' }).click();
    await expect
      .poll(() => page.getByRole('checkbox', { name: 'Log y' }).getAttribute('aria-checked'))
      .toBe('true');
    await expect.poll(() => page.locator('tbody tr').count()).toBeGreaterThan(20);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'curves-table-log');
  });

  it('folds its menus out and in by the keyboard', async () => {
    const { page } = await open();
    await page.waitForSelector(canvasLabel('loss'));
    const axes = page.locator('details', { has: page.locator('summary', { hasText: 'Axes' }) });
    const isOpen = (): Promise<string | null> => axes.getAttribute('open');
    await axes.locator('summary').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect.poll(() => axes.locator('summary').textContent()).toBe('Axes (1)');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect.poll(isOpen).toBeNull();
    await page.keyboard.press('Enter');
    await expect.poll(isOpen).toBe('');
    // Past its three boxes.
    for (let press = 0; press < 4; press++) await page.keyboard.press('Tab');
    await expect.poll(isOpen).toBeNull();
  });

  it('tells runs of one label apart', async () => {
    const [one] = runs;
    if (one === undefined) throw new Error('there is no run');
    const started = Date.parse('2026-11-24T12:00:00Z');
    const { page, host: made } = await open({
      of: runs.map((run, index) => ({
        ...run,
        label: 'tiny',
        started: started + (index < 2 ? 0 : index * 60_000),
      })),
    });
    await page.waitForSelector(canvasLabel('loss'));
    const labels = (): Promise<(string | null)[]> =>
      page
        .locator('.legend-row vscode-checkbox')
        .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label')));
    await expect.poll(async () => new Set(await labels()).size).toBe(runs.length);
    const names = await labels();
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Run' }).locator('option').allTextContents())
      .toEqual(names);
    await page.getByText('Save as').click();
    await page.getByRole('button', { name: 'CSV' }).click();
    await expect.poll(() => made.saved.csv).toBeDefined();
    for (const name of names) expect(made.saved.csv).toContain(`${name}: train loss`);
    await page.setViewportSize({ width: 540, height: 1000 });
    await page.locator(plot('loss')).hover({ position: { x: 200, y: 150 } });
    await screenshot(page, 'curves-of-one-label');
  });

  it('says what to do where there is nothing', async () => {
    const { page } = await open({ of: [] });
    await expect.poll(() => page.textContent('.empty')).toContain('has not been run yet');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'curves-empty');
  });

  it('takes another theme while it is open', async () => {
    const { page, panel: opened } = await open({ theme: 'dark' });
    await page.waitForSelector(canvasLabel('loss'));
    const stroke = (): Promise<string | null> =>
      page.locator('.legend .swatch path').first().getAttribute('stroke');
    const before = await stroke();
    await opened.setTheme('light');
    await expect.poll(stroke).not.toBe(before);
  });
});

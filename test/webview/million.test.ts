import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isRecord } from '../../src/base/guards';
import { runPaths } from '../../src/runs/folder';
import { CurvesHost } from './support/curves';
import { openPanel, screenshot, startBrowser } from './support/panel';
import { writeRun } from './support/runs';

it('a run of a million steps is read without a stop, drawn, zoomed and followed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'eigenloom-million-'));
  const browser = await startBrowser();
  const run = writeRun(root, {
    name: 'long',
    method: 'lora',
    status: 'running',
    steps: 1_000_000,
    evalEvery: 20_000,
    from: 4,
    to: 1.5,
    seed: 7,
  });
  const host = new CurvesHost([run]);
  try {
    const { page, complaints, keptState } = await openPanel(browser, {
      name: 'curves',
      theme: 'dark',
      host: (channel) => {
        host.connect(channel);
      },
    });
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    const label = (): Promise<string | null> => page.getAttribute('[data-chart="loss"] canvas', 'aria-label');
    await page.waitForSelector('[data-chart="loss"] canvas');
    await expect.poll(label, { timeout: 90_000 }).toContain('1000000 values');
    clearInterval(turning);
    // Other work of the host had its turn all the time, and the curve grew on the page while it was read.
    expect(turns).toBeGreaterThan(100);
    expect(host.patches).toBeGreaterThan(3);

    await page.getByRole('slider', { name: 'Smoothing' }).fill('0.95');
    await page.waitForTimeout(1500);
    await screenshot(page, 'curves-million');
    await page.focus('[data-chart="loss"] .plot');
    for (let press = 0; press < 20; press++) await page.keyboard.press('+');
    // A thousandth of the run: its points are asked for anew, and none is left out.
    const width = async (): Promise<number> => {
      const state = await keptState();
      const range = isRecord(state) && Array.isArray(state.range) ? state.range.map(Number) : [];
      return (range[1] ?? NaN) - (range[0] ?? NaN);
    };
    await expect.poll(width).toBeCloseTo(1e6 * 0.7 ** 20, -1);
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    const spoken = (): Promise<string | null> => page.textContent('[data-chart="loss"] [aria-live]');
    await expect.poll(spoken).toMatch(/^Step (?:499|500),\d{3}: long/u);
    await screenshot(page, 'curves-million-zoomed');
    await page.keyboard.press('0');

    appendFileSync(
      runPaths(run.folder).metrics,
      `${JSON.stringify({ step: 1_000_001, split: 'train', loss: 1.5, seconds: 1, input_tokens: 1000 })}\n`,
    );
    await expect.poll(label, { timeout: 20_000 }).toContain('1000001 values');
    expect(await complaints()).toEqual([]);
    expect(host.errors).toEqual([]);
  } finally {
    host.dispose();
    await browser.close();
    rmSync(root, { recursive: true, force: true });
  }
});

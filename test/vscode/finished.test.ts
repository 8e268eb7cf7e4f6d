import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { runsIn } from './support/runFolders';
import { makeSampleWorkspace, TINY } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { inTerminal, runInTerminal } from './support/terminal';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { inaccessible, webview } from './support/webviews';
import type { Workbench } from './support/workbench';

const FILE = 'whale.tune.yaml';
const LAST = 12;
/** Of the sample's model. */
const LINEAR_LAYERS = 35;

/** A short run of LaMDA++ that records what it changes at each evaluation, and the model that it came to. */
function makeRun(folder: string): void {
  makeSampleWorkspace(folder);
  const text = readFileSync(join(folder, TINY), 'utf8')
    .replace('name: tiny', 'name: whale')
    .replace('method: lamda\n', 'method: lamda++\n')
    .replace('rank: 4', 'rank: 12')
    .replace('every: 6 }', 'every: 4 }');
  writeFileSync(join(folder, FILE), text);
  runInTerminal(folder, FILE);
  const [run] = runsIn(folder);
  inTerminal(folder, 'export', run?.folder ?? '', '--format', 'merged', '--out', join(folder, 'tuned'));
}

describe('a finished run', () => {
  const opened = useSession({ prepare: makeRun });
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.openFile(FILE);
    await workbench.showRuns();
    await workbench.runs('whale').waitFor();
  });

  /** Opens one of the run's panels from its menu, by the keyboard. */
  async function panel(label: string, title: string): Promise<Frame> {
    await workbench.focusRun(/whale, done/u);
    await workbench.menuByKeys(label);
    const page = await webview(workbench.page, title);
    await until('all layers', async () => (await page.getByRole('gridcell').count()) === LINEAR_LAYERS);
    return page;
  }

  it('shows what it changed, step by step, by the keyboard', async () => {
    const page = await panel('Show Spectra', 'Spectra');
    const mark = page.getByRole('slider', { name: 'Step of training' });
    const atStep = (step: number): Promise<boolean> =>
      until(`step ${step}`, async () => (await mark.getAttribute('aria-valuenow')) === String(step));
    const cells = (): Promise<string> =>
      page.getByRole('gridcell').evaluateAll((all) => all.map((cell) => cell.ariaLabel).join('\n'));
    const drawn = (wanted: RegExp): Promise<string> =>
      until('every cell', async () => {
        const now = await cells();
        return now.split('\n').every((text) => wanted.test(text)) && now;
      });
    await atStep(LAST);
    const last = await drawn(/: [\d.]+$/u);
    await mark.focus();
    await workbench.press('Home');
    await atStep(0);
    await drawn(/: no change$/u);
    await workbench.press('ArrowRight');
    await atStep(4);
    expect(await drawn(/: [\d.]+$/u)).not.toBe(last);
    await workbench.picture('run-first-change');
    await workbench.press('ArrowLeft');
    await atStep(0);
    await workbench.press('End');
    await atStep(LAST);
    await until('the cells as they were', async () => (await cells()) === last);
    expect(await inaccessible(page)).toEqual([]);
    await session.pictures('run-changes');
  });

  it('plays it to the last step', async () => {
    const page = await webview(workbench.page, 'Spectra');
    const mark = page.getByRole('slider', { name: 'Step of training' });
    await mark.focus();
    await workbench.press('Home', 'Space');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    expect(await mark.getAttribute('aria-valuenow')).toBe(String(LAST));
  });

  it('is compared with another model, which is chosen and left by the keyboard', async () => {
    const page = await webview(workbench.page, 'Spectra');
    await page.getByRole('button', { name: 'Compare with model…' }).focus();
    await workbench.press('Enter');
    await workbench.page.locator('.quick-input-title', { hasText: 'Compare with a Model' }).waitFor();
    await workbench.picture('compare-with-model');
    // Not with itself.
    const offered = await workbench.page.locator('.quick-input-list .label-name').allTextContents();
    expect(offered.filter((name) => !name.includes('Browse'))).toEqual(['tuned']);
    await workbench.pick('tuned');
    const names = (): Promise<string> =>
      page
        .locator('.curve-name')
        .allTextContents()
        .then((all) => all.join('\n'));
    await until('the curves of both', async () => {
      const shown = await names();
      return /· model$/mu.test(shown) && /· tuned$/mu.test(shown) && /· ΔW of tuned$/mu.test(shown);
    });
    await until('both in the plot', async () =>
      /· model: from .*· tuned: from /su.test(
        (await page.locator('canvas').getAttribute('aria-label')) ?? '',
      ),
    );
    const body = page.locator('body');
    await until('every difference', async () => !/cancel|again/iu.test(await body.innerText()), 120_000);
    expect(await inaccessible(page)).toEqual([]);
    await session.pictures('compared-models');
    await page.getByRole('button', { name: 'Compare with tuned no longer' }).focus();
    await workbench.press('Enter');
    await until('its curves alone', async () => !(await names()).includes('tuned'));
  });

  it('shows the ranks that it got, and lets none be changed', async () => {
    const page = await panel('Show Rank Board', 'Ranks');
    await until('that they stand', async () =>
      (await page.getByRole('status').allTextContents()).includes('The run has been: its ranks stand.'),
    );
    await page.getByRole('gridcell').first().focus();
    await workbench.press('Enter');
    expect(await page.getByRole('slider', { name: 'Budget' }).isVisible()).toBe(false);
    expect(await page.getByRole('button', { name: 'Apply' }).isVisible()).toBe(false);
    expect(await page.getByRole('menu').isVisible()).toBe(false);
    expect(await inaccessible(page)).toEqual([]);
    // In front of the spectra, beside which there would be no room for it.
    expect(await workbench.page.locator('.editor-group-container').count()).toBe(2);
    await session.pictures('run-ranks');
  });

  it('stands beside the plan of its experiment', async () => {
    await workbench.command('View: Focus First Editor Group');
    await workbench.command('Eigenloom: Show Rank Board');
    const page = await webview(workbench.page, 'Ranks');
    await page.getByRole('slider', { name: 'Budget' }).waitFor();
    const compare = page.getByRole('combobox', { name: 'Compare with' });
    await until('the run among the others', async () =>
      (await compare.locator('option').allTextContents()).includes('whale'),
    );
    await compare.focus();
    await workbench.press('End');
    const beside = page.getByRole('checkbox', { name: 'Side by side' });
    await beside.focus();
    await workbench.press('Space');
    await until('both boards', async () => (await page.getByRole('grid').count()) === 2);
    await until('all ranks of both', async () =>
      (await page.getByRole('gridcell').allTextContents()).every((text) => /\d/u.test(text)),
    );
    expect(await inaccessible(page)).toEqual([]);
    await session.pictures('ranks-beside-a-run');
  });

  it('breaks no policy and throws no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

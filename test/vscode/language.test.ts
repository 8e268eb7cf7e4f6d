import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const BLANK = 'blank.tune.yaml';
const WRONG = 'wrong.tune.yaml';

describe('an experiment in the editor', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      const lora = readFileSync(join(folder, 'lora.tune.yaml'), 'utf8');
      writeFileSync(join(folder, BLANK), 'model: model\n');
      writeFileSync(join(folder, WRONG), lora.replace('batch_size:', 'batch_sise:'));
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  const suggestions = (): Promise<string[]> =>
    workbench.page
      .locator('.suggest-widget.visible .monaco-list-row .label-name')
      .evaluateAll((rows) => rows.map((row) => row.textContent));

  it('is completed: keys', async () => {
    await workbench.openFile(BLANK);
    await workbench.press('Control+End', 'Control+Space');
    await until('keys to be suggested', async () => {
      const all = await suggestions();
      return all.includes('adapter') && all.includes('training') && !all.includes('model');
    });
    await workbench.picture('completion-of-keys');
    await workbench.press('Escape');
  });

  it('is completed: values', async () => {
    await workbench.page.keyboard.type('adapter:\n  method: ');
    await workbench.press('Control+Space');
    await until('methods to be suggested', async () => {
      const all = await suggestions();
      return ['lora', 'pissa', 'lamda', 'full'].every((method) => all.includes(method));
    });
    await workbench.press('Escape');
    await workbench.command('File: Revert File');
  });

  it('explains a key under the pointer', async () => {
    await workbench.openFile('lora.tune.yaml');
    await workbench.page
      .locator('.view-line span span', { hasText: /^learning_rate$/u })
      .first()
      .hover();
    const hover = workbench.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content');
    await until('the hover', async () => /learning rate|step size/iu.test(await hover.first().innerText()));
    await workbench.picture('hover');
    await workbench.press('Escape');
  });

  it('has its mistakes underlined, and mended by a quick fix', async () => {
    await workbench.openFile(WRONG);
    await workbench.page.locator('.squiggly-error').first().waitFor();
    const line = readFileSync(join(session.workspace, WRONG), 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('batch_sise'));
    await workbench.goTo(line + 1, 4);
    await workbench.press('Control+.');
    const fix = workbench.page.locator('.action-widget .monaco-list-row', { hasText: 'batch_size' }).first();
    await fix.waitFor();
    await workbench.picture('quick-fix');
    await workbench.press('Enter');
    await until(
      'no error to be left',
      async () => (await workbench.page.locator('.squiggly-error').count()) === 0,
    );
    await workbench.press('Control+s');
    await until('the file to be mended', () =>
      /^ {2}batch_size: /mu.test(readFileSync(join(session.workspace, WRONG), 'utf8')),
    );
    const lora = readFileSync(join(session.workspace, 'lora.tune.yaml'), 'utf8');
    expect(readFileSync(join(session.workspace, WRONG), 'utf8')).toBe(lora);
  });

  it('has an outline', async () => {
    await workbench.openFile('lora.tune.yaml');
    await workbench.command('Go to Symbol in Editor...');
    await until('its sections', async () => {
      const labels = await workbench.choices.allTextContents();
      return ['data', 'adapter', 'training'].every((name) => labels.some((label) => label.includes(name)));
    });
    await workbench.press('Escape');
  });

  it('throws no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const BLANK = 'blank.tune.yaml';

describe('an experiment in the editor', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      writeFileSync(join(folder, BLANK), 'model: model\n');
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
    await workbench.goTo(2);
    await workbench.press('Control+Space');
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

  /** Opens the blank experiment, and types into it; then asks what may stand there. */
  async function suggested(text: string): Promise<void> {
    await workbench.openFile(BLANK);
    await workbench.goTo(1);
    await workbench.press('Control+a', 'Delete');
    await workbench.page.keyboard.insertText(text);
    await workbench.press('Control+Space');
  }

  it.each([
    ['folders of a path', 'model: model\ndata:\n  train: ', ['data/']],
    [
      'files of a path',
      'model: model\ndata:\n  train: data/',
      ['data/moby-dick.train.jsonl', 'data/moby-dick.eval.jsonl'],
    ],
    ['models of a path', 'model: ', ['model']],
    ['columns', 'model: model\ndata:\n  train: data/moby-dick.train.jsonl\n  text: "{', ['text']],
    ['modules', 'model: model\nadapter:\n  target_modules: [q_proj, ', ['k_proj', 'v_proj', 'down_proj']],
    ['lists of modules', 'model: model\nadapter:\n  target_modules: ', ['[q_proj, v_proj]', 'all-linear']],
  ])('is completed: %s', async (what, text, wanted) => {
    await suggested(text);
    await until(`${what} to be suggested`, async () => {
      const all = await suggestions();
      return wanted.every((word) => all.includes(word));
    });
    if (what === 'modules') {
      expect(await suggestions()).not.toContain('q_proj');
      await workbench.picture('completion-of-modules');
    }
    await workbench.press('Escape');
    await workbench.command('File: Revert File');
  });

  it('takes the place of the word at the cursor when it is completed', async () => {
    await suggested('model: model\ndata:\n  train: data/moby-dick.tr');
    await until('the file', async () => (await suggestions())[0] === 'data/moby-dick.train.jsonl');
    await workbench.press('Enter');
    await until('the path', async () =>
      (await workbench.editorText()).endsWith('train: data/moby-dick.train.jsonl'),
    );
    await workbench.command('File: Revert File');
  });

  it('explains a key under the pointer', async () => {
    await workbench.openFile('lora.tune.yaml');
    // What stands above the first line moves all others when it comes.
    await workbench.page.locator('.codelens-decoration a').first().waitFor();
    await workbench.page
      .locator('.view-line span span', { hasText: /^learning_rate$/u })
      .first()
      .hover();
    const hover = workbench.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content');
    await until('the hover', async () => /learning rate|step size/iu.test(await hover.first().innerText()));
    await workbench.picture('hover');
    await workbench.press('Escape');
  });

  it.each([
    ['a unit and a default', 'max_length', /data\.max_length.*tokens.*Default: 512/su],
    ['the words that it may be', 'scheduler', /cosine.*linear|linear.*cosine/su],
    [
      'what holds where a section says nothing',
      'training',
      /Not given, so in effect.*batch_size|so in effect/su,
    ],
  ])('explains a key with %s', async (_, key, wanted) => {
    const lines = readFileSync(join(session.workspace, 'lora.tune.yaml'), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.trim().startsWith(`${key}:`));
    await workbench.goTo(line + 1, (lines[line]?.indexOf(key) ?? 0) + 2);
    await workbench.command('Show or Focus Hover');
    const hover = workbench.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content');
    await until('the hover', async () => wanted.test(await hover.first().innerText()));
    await workbench.press('Escape');
  });

  it('says what the model and the data are', async () => {
    for (const [line, wanted] of [
      [5, /parameters.*layers.*q_proj/su],
      [8, /rows with the column text/su],
    ] as const) {
      await workbench.goTo(line, 10);
      await workbench.command('Show or Focus Hover');
      const hover = workbench.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content');
      await until('the hover', async () => wanted.test(await hover.first().innerText()));
      await workbench.picture(`hover-line-${line}`);
      await workbench.press('Escape');
    }
  });

  it('folds its sections', async () => {
    const before = (await workbench.editorText()).split('\n').length;
    await workbench.command('Fold All');
    await until('few lines', async () => {
      const text = await workbench.editorText();
      return text.split('\n').length < before - 10 && !text.includes('learning_rate');
    });
    await workbench.picture('folded');
    await workbench.command('Unfold All');
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

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

const FILE = 'faulty.tune.yaml';
const SHORT = 'short.tune.yaml';

/** An experiment with a mistake of nearly every sort: what only the text shows, and what its files show. */
const FAULTY = `# with comments that have to stay
name: faulty

data:
  train: data/moby-dick.trian.jsonl   # rows
  text: "A line: {txt}"       # the column
  max_lenght: 32 # tokens
  packing: yes # one after another
  seed: 3

adapter:
  method: loar
  rank: 4
  target_modules: [q_porj, v_proj]
  freeze: { fraction: 0.5 }   # of all steps

training: { max_steps: 12, epochs: 2, batch_size: 2 }
`;

/** A mistake, the fix that is chosen, and what that makes of the text. */
interface Mistake {
  readonly sort: string;
  /** The place of the mistake: the text that is wrong. */
  readonly at: string;
  readonly fix: string;
  readonly from: string | RegExp;
  readonly to: string;
  /** What is typed over the first place to fill in. */
  readonly typed?: string;
}

/** In the order in which they are mended: what a file shows is seen only when the file is read. */
const MISTAKES: readonly Mistake[] = [
  {
    sort: 'a misspelt key',
    at: 'max_lenght',
    fix: 'Rename to max_length',
    from: 'max_lenght',
    to: 'max_length',
  },
  { sort: 'a word for a switch', at: 'yes', fix: 'Change to true', from: 'yes', to: 'true' },
  { sort: 'a misspelt word', at: 'loar', fix: 'Change to lora', from: 'loar', to: 'lora' },
  {
    sort: 'a key in the wrong section',
    at: 'seed',
    fix: 'Move to training.seed',
    from: /  seed: 3\n([^]*)batch_size: 2/u,
    to: '$1batch_size: 2, seed: 3',
  },
  {
    sort: 'a key that is missing',
    at: 'name',
    fix: 'Add model',
    from: 'name: faulty\n',
    to: 'name: faulty\nmodel: model\n',
    typed: 'model',
  },
  {
    sort: 'keys that exclude each other',
    at: 'epochs',
    fix: 'Remove training.epochs',
    from: 'epochs: 2, ',
    to: '',
  },
  {
    sort: 'a key without effect',
    at: 'freeze',
    fix: 'Remove adapter.freeze',
    from: /  freeze.*\n/u,
    to: '',
  },
  {
    sort: 'a file that is not there',
    at: 'data/moby-dick.trian',
    fix: 'Change to data/moby-dick.train.jsonl',
    from: 'trian',
    to: 'train',
  },
  { sort: 'a column that is not there', at: 'txt', fix: 'Change to text', from: '{txt}', to: '{text}' },
  { sort: 'a module that is not there', at: 'q_porj', fix: 'Change to q_proj', from: 'q_porj', to: 'q_proj' },
];

/** The same, each in a short file of its own, since the one hides the other. */
const SHORT_ONES: readonly (Mistake & { readonly text: string })[] = [
  {
    sort: 'no way from a row to text',
    text: 'model: model\ndata:\n  train: data/moby-dick.train.jsonl # rows\n',
    at: 'data',
    fix: 'Add data.text',
    from: '# rows\n',
    to: '# rows\n  text: "{text}"\n',
  },
  {
    sort: 'a prompt alone',
    text: 'model: model\ndata:\n  train: data/moby-dick.train.jsonl\n  prompt: "{text}"\n',
    at: 'prompt',
    fix: 'Add data.completion',
    from: '"{text}"\n',
    to: '"{text}"\n  completion: "{answer}"\n',
  },
  {
    sort: 'a template that reads as a map',
    text: 'model: model\ndata:\n  train: data/moby-dick.train.jsonl\n  text: {text} # all of it\n',
    at: '{text}',
    fix: 'Put it in quotes',
    from: '{text}',
    to: '"{text}"',
  },
  {
    sort: 'rows that are too long for the model',
    text: 'model: model\ndata:\n  train: data/moby-dick.train.jsonl\n  text: "{text}"\n  max_length: 9999\n',
    at: '9999',
    fix: 'Change to 256',
    from: '9999',
    to: '256',
  },
  {
    sort: 'what is not there yet',
    text: 'model: model\nbase: { precision: bf16 }\ndata:\n  train: data/moby-dick.train.jsonl\n  text: "{text}"\n',
    at: 'bf16',
    fix: 'Change to f32',
    from: 'bf16',
    to: 'f32',
  },
  {
    sort: 'a key that only another method has',
    text: 'model: model\ndata:\n  train: data/moby-dick.train.jsonl\n  text: "{text}"\nadapter: { method: pissa, dropout: 0.1 }\n',
    at: 'dropout',
    fix: 'Remove adapter.dropout',
    from: ', dropout: 0.1',
    to: '',
  },
];

/** Without the spaces, which an editor draws as it likes. */
const bare = (text: string): string => text.replaceAll(/\s/gu, '');

describe('quick fixes', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      writeFileSync(join(folder, FILE), FAULTY);
      writeFileSync(join(folder, SHORT), 'name: short\n');
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  const onDisk = (file: string): string => readFileSync(join(session.workspace, file), 'utf8');

  /** Puts the cursor at a mistake, chooses a fix, saves, and compares the file with what was meant, byte by byte. */
  async function mend(file: string, { at, fix, from, to, typed }: Mistake): Promise<void> {
    const before = onDisk(file);
    const offset = before.search(
      new RegExp(String.raw`(?<!# .*)${at.replaceAll(/[{}]/gu, String.raw`\$&`)}`, 'u'),
    );
    const lines = before.slice(0, offset).split('\n');
    await workbench.goTo(lines.length, (lines.at(-1)?.length ?? 0) + 1);
    const row = workbench.page.locator('.action-widget .monaco-list-row', { hasText: fix }).first();
    await until(`the fix '${fix}'`, async () => {
      await workbench.press('Control+.');
      // What models and data show comes after a while, and is asked for again.
      const shown = await row.waitFor({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
      if (!shown) await workbench.press('Escape');
      return shown;
    });
    await workbench.picture('quick-fix');
    await row.click();
    await workbench.page.locator('.action-widget').first().waitFor({ state: 'hidden' });
    if (typed !== undefined) await workbench.page.keyboard.type(typed);
    await workbench.press('Escape');
    await workbench.press('Control+s');
    const wanted = before.replace(from, to);
    await until('the file to be saved', () => onDisk(file) === wanted, 10_000).catch(() => undefined);
    expect(onDisk(file)).toBe(wanted);
  }

  it('are there for a file full of mistakes', async () => {
    await workbench.openFile(FILE);
    await workbench.page.locator('.squiggly-error').first().waitFor();
    await session.pictures('mistakes');
  });

  it.each(MISTAKES)('mend $sort', async (mistake) => mend(FILE, mistake));

  it('leave an experiment without a mistake', async () => {
    await until(
      'no mistake to be left',
      async () => (await workbench.page.locator('.squiggly-error, .squiggly-warning').count()) === 0,
    );
  });

  it.each(SHORT_ONES)('mend $sort', async ({ text, ...mistake }) => {
    writeFileSync(join(session.workspace, SHORT), text);
    await workbench.openFile(SHORT);
    let written = performance.now();
    await until('the text', async () => {
      // VS Code misses a change that comes while it ends the save before.
      if (performance.now() - written > 5000) {
        writeFileSync(join(session.workspace, SHORT), text);
        written = performance.now();
      }
      return bare(await workbench.editorText()) === bare(text);
    });
    await mend(SHORT, mistake);
  });

  it('throw no error', () => {
    expect(session.complaints.ours()).toEqual([]);
    expect(session.log()).not.toMatch(/\[error\]/u);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

describe('a new experiment', () => {
  const opened = useSession({
    prepare: (folder) => {
      makeSampleWorkspace(folder);
      writeFileSync(join(folder, 'data', 'torn.jsonl'), '{"text": "It was');
    },
  });
  let session: Session;
  let workbench: Workbench;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });

  /** The step that the open pick is at. */
  const step = (n: number): Promise<void> =>
    workbench.page.locator('.quick-input-title', { hasText: `(${n}/5)` }).waitFor();

  it('is made by the keyboard alone', async () => {
    await workbench.command('Eigenloom: New Experiment…');
    await step(1);
    await workbench.picture('new-experiment-1-model');
    await workbench.pick('model');
    await step(2);
    await workbench.pick('torn.jsonl');
    await workbench.notification(/torn\.jsonl/u);
    await step(2);
    await workbench.pick('moby-dick.train.jsonl');
    await step(3);
    await workbench.picture('new-experiment-3-rows');
    await workbench.pick('Text: text');
    await step(4);
    await workbench.picture('new-experiment-4-method');
    await workbench.pick('PiSSA');
    await step(5);
    await workbench.answer('whale');
    const file = join(session.workspace, 'whale.tune.yaml');
    await until('its file', () => existsSync(file));
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^model: model\b/mu);
    expect(text).toMatch(/^ {2}train: data\/moby-dick\.train\.jsonl\b/mu);
    expect(text).toMatch(/^ {2}eval: data\/moby-dick\.eval\.jsonl\b/mu);
    expect(text).toMatch(/^ {2}method: pissa\b/mu);
  });

  it('is open, without a mistake in it, and can be run at once', async () => {
    await workbench.page.locator('.tab.active[data-resource-name="whale.tune.yaml"]').waitFor();
    await workbench.page.locator('.codelens-decoration a', { hasText: /Run$/u }).first().waitFor();
    await workbench.notification(/ready to run/u);
    expect(await workbench.page.locator('.squiggly-error, .squiggly-warning').count()).toBe(0);
    await workbench.picture('new-experiment-made');
    await workbench.quiet();
  });
});

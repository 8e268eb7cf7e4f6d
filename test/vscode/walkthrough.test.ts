import { beforeAll, describe, it } from 'vitest';
import manifest from '../../package.json';
import type { Session } from './support/session';
import { THEME_NAMES } from './support/themes';
import { until } from './support/until';
import { useSession } from './support/useSession';
import type { Workbench } from './support/workbench';

describe('the walkthrough', () => {
  const opened = useSession();
  let session: Session;
  let workbench: Workbench;

  beforeAll(async () => {
    session = opened();
    ({ workbench } = session);
    await workbench.command('Eigenloom: Get Started with Eigenloom');
  });

  it('opens with all its steps', async () => {
    const titles = manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ title }) => title));
    const steps = workbench.page.locator('.getting-started-step .step-title');
    await until('the steps', async () => {
      const shown = await steps.allTextContents();
      return shown.map((text) => text.trim()).join('\n') === titles.join('\n');
    });
  });

  it('shows a picture in every theme', async () => {
    for (const theme of THEME_NAMES) {
      await session.theme(theme);
      await workbench.page.locator('.getting-started-media :is(img, iframe)').first().waitFor();
      await workbench.picture(`walkthrough-${theme}`);
    }
  });

  it('ticks a step when it is done', async () => {
    await workbench.openFile('lamda.tune.yaml');
    await workbench.command('Eigenloom: Get Started with Eigenloom');
    await workbench.page
      .locator('.getting-started-step:has-text("Read the experiment") .complete')
      .first()
      .waitFor();
  });
});

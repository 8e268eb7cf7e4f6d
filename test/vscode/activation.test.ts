import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './support/places';
import { extensionHostsOf } from './support/processes';
import { madeBy } from './support/runFolders';
import { TINY } from './support/sampleWorkspace';
import { until } from './support/until';
import { useSession } from './support/useSession';

/** A command of the manifest, as far as it is looked at here. */
interface Contributed {
  readonly command: string;
  readonly title: string;
}

/** The titles of the manifest's commands that the palette shows without a condition. */
function palette(): string[] {
  const { contributes } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    contributes: {
      commands: readonly Contributed[];
      menus: { commandPalette: readonly { readonly command: string }[] };
    };
  };
  const conditional = new Set(contributes.menus.commandPalette.map(({ command }) => command));
  return contributes.commands
    .filter(({ command }) => !conditional.has(command))
    .map(({ title }) => `Eigenloom: ${title}`);
}

describe('activation', () => {
  const session = useSession();

  it('happens in a folder with experiments', async () => {
    console.log(`activate() took ${await session().activated()} ms`);
  });

  it('puts every command into the palette', async () => {
    for (const title of palette()) expect(await session().workbench.offers(title), title).toBe(true);
  });

  it('shows its side bar', async () => {
    await session().workbench.showRuns();
    await session().workbench.picture('side-bar-empty');
    await session().workbench.view('Setup').waitFor();
  });

  it('opens an experiment as YAML', async () => {
    await session().workbench.openFile(TINY);
    await session().workbench.page.locator('.statusbar-item', { hasText: 'YAML' }).waitFor();
    await until('its text', async () => (await session().workbench.editorText()).includes('LaMDA'));
  });

  it('runs where the files are, not where the window is', async () => {
    // As over Remote-SSH, the window is one process and the extension host of a server is another.
    const { page } = session().workbench;
    await page.locator('.monaco-editor[data-uri^="vscode-remote://"]').first().waitFor();
    expect(extensionHostsOf(session().id)).toHaveLength(1);
  });

  it('leads from Run to the first loss of the sample', async () => {
    const { workbench, workspace, id } = session();
    await workbench.openFile('lora.tune.yaml');
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: /Run$/u }).first();
    await lens.waitFor();
    const begun = performance.now();
    const run = await madeBy(workspace, () => lens.click());
    await run.advances(1);
    console.log(`from Run to the first loss: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    for (const host of extensionHostsOf(id)) {
      const size = /VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8'))?.[1];
      console.log(`extension host, peak resident: ${Math.round((Number(size) * 1024) / 1e6)} MB`);
    }
    await workbench.command('Eigenloom: Stop Run');
    await run.reaches('stopped');
  });

  it('is measured by VS Code itself', async () => {
    const { workbench } = session();
    await workbench.command('Developer: Show Running Extensions');
    const row = workbench.page.locator('.runtime-extensions-editor .extension', { hasText: 'Eigenloom' });
    await row.waitFor();
    const time = await row.locator('.activation-time').innerText();
    console.log(`loaded and activated, as VS Code says: ${time}`);
    expect(time).toMatch(/\d+ms/u);
  });

  it('logs no error of ours', () => {
    expect(session().complaints.ours()).toEqual([]);
    expect(session().log()).not.toMatch(/\[error\]/u);
    expect(session().hostLog()).not.toMatch(/eigenloom.*(?:failed|error)/iu);
  });
});

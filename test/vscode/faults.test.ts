import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processesOf, trainersOf } from './support/processes';
import { madeBy, type RunFolder, runsIn } from './support/runFolders';
import { LONG, SHORT } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { SmallDisk } from './support/smallDisk';
import { until } from './support/until';
import { useSession } from './support/useSession';
import { webview } from './support/webviews';
import type { Workbench } from './support/workbench';

/** How long (ms) what the editor draws is waited for beside a trainer. */
const SLOW = 120_000;

/** What the run has written so far: what it must still say when something has happened to it. */
interface Written {
  readonly metrics: string;
  readonly checkpoints: readonly string[];
}

describe('a run at work', () => {
  const disk = new SmallDisk();
  beforeAll(() => disk.mount(16));
  afterAll(() => disk.remove());
  const opened = useSession({ settings: { 'eigenloom.runsFolder': join(disk.folder, 'runs') } });
  let session: Session;
  let workbench: Workbench;
  let run: RunFolder;

  beforeAll(() => {
    session = opened();
    ({ workbench } = session);
  });
  beforeEach(() => workbench.quiet());

  /** Launches an experiment, and waits until it has a checkpoint. */
  async function launch(experiment: string): Promise<RunFolder> {
    await workbench.openFile(experiment);
    const made = await madeBy(disk.folder, () => workbench.command('Eigenloom: Run Experiment'));
    await made.hasCheckpoint();
    return made;
  }

  /** The row of the run in the explorer, as it stands now. */
  const row = (status: string): Locator =>
    workbench.view('Runs').locator(`.monaco-list-row[aria-level="2"][aria-label*=", ${status}, "]`);

  const inStatusBar = (text: RegExp): Promise<void> =>
    workbench.page.locator('.statusbar-item', { hasText: text }).waitFor();

  const noTrainer = (): Promise<boolean> =>
    until('its trainer to be gone', () => trainersOf(session.id).length === 0);

  const written = (): Written => ({ metrics: run.metrics, checkpoints: run.checkpoints });

  /** Resumes the run from the explorer, and waits until it is further than it was. */
  async function resumed(): Promise<void> {
    const from = run.steps.length;
    await workbench.select(row(run.status === 'failed' ? 'failed' : 'interrupted'));
    await workbench.command('Eigenloom: Resume Run');
    await workbench.pick(run.name);
    await until('later steps', () => run.steps.length > from);
  }

  it('whose trainer is killed is shown as interrupted, and goes on by one press', async () => {
    await workbench.showRuns();
    run = await launch(LONG);
    process.kill(run.pid, 'SIGKILL');
    const before = run.steps.length;
    const begun = performance.now();
    await row('interrupted').waitFor();
    await inStatusBar(/long · interrupted/u);
    expect(performance.now() - begun).toBeLessThan(10_000);
    await workbench.notification(/‘long’ was interrupted at step \d+: its trainer is gone\. Resume it/u);
    await workbench.picture('trainer-killed');
    await workbench.notification('was interrupted', 'Resume');
    await until('later steps', () => run.steps.length > before);
    expect(run.unbroken).toBe(true);
    await row('running').waitFor();
  });

  it('goes on with its own copy of an experiment that is changed meanwhile, and is still shown for it', async () => {
    const file = join(session.workspace, LONG);
    const experiment = readFileSync(file, 'utf8');
    writeFileSync(file, 'name: long\ntraining: {{ max_steps: none\n');
    await until('the change in the editor', async () => (await workbench.editorText()).includes('{{'));
    const lens = workbench.page.locator('.codelens-decoration a', { hasText: /step \d+\/100000 · loss/u });
    // The editor draws it late where the machine is busy.
    await lens.first().waitFor({ timeout: SLOW });
    await run.advances(5);
    const curves = await webview(workbench.page, 'Curves');
    await until('its step in the panel', async () =>
      /Step [\d,]+ of/u.test(await curves.locator('body').innerText()),
    );
    await workbench.command('Eigenloom: Stop Run');
    await run.reaches('stopped');
    await noTrainer();
    const at = run.steps.length;
    const why = run.deviceReason;
    await workbench.command('Eigenloom: Resume Last Run');
    await until('later steps', () => run.steps.length > at);
    expect(run.unbroken).toBe(true);
    expect(run.deviceReason).toBe(why);
    expect(readFileSync(join(run.folder, 'config.tune.yaml'), 'utf8')).toBe(experiment);
    writeFileSync(file, experiment);
  });

  it('whose folder becomes read-only ends, says why, and goes on when it can be written again', async () => {
    await run.advances(5);
    disk.freeze();
    const before = written();
    await noTrainer();
    await row('interrupted').waitFor();
    await inStatusBar(/long · interrupted/u);
    await workbench.notification(/was interrupted at step \d+: .*the disk is read-only/u);
    await workbench.picture('folder-read-only');
    expect(run.metrics.startsWith(before.metrics)).toBe(true);
    expect(run.unbroken).toBe(true);
    await workbench.quiet();
    // Too early: nothing is started that could only fail.
    await workbench.select(row('interrupted'));
    await workbench.command('Eigenloom: Resume Run');
    await workbench.pick(run.name);
    await workbench.notification(/the disk is read-only\. Make it writable again/u);
    expect(trainersOf(session.id)).toEqual([]);
    disk.thaw();
    await resumed();
    expect(run.unbroken).toBe(true);
    expect(run.metrics.startsWith(before.metrics.split('\n')[0] ?? '')).toBe(true);
  });

  it('whose folder is removed ends, is gone, and says so once', async () => {
    await row('running').waitFor();
    await run.advances(5);
    rmSync(run.folder, { recursive: true, force: true, maxRetries: 5 });
    await noTrainer();
    await until('its row to be gone', async () => (await workbench.runs('long').count()) === 0);
    await workbench.notification(/‘long’ is gone: its folder was removed at step \d+/u);
    await workbench.picture('folder-removed');
    expect(await workbench.notifications()).toHaveLength(1);
    await until(
      'the status bar to say nothing of it',
      async () => (await workbench.page.locator('.statusbar-item', { hasText: 'long' }).count()) === 0,
    );
    expect(await workbench.page.locator('.monaco-dialog-box').count()).toBe(0);
    expect(readdirSync(join(disk.folder, 'runs'))).toEqual([]);
  });

  it('whose disk is full has failed, says so, and is done after a place was made', async () => {
    run = await launch(SHORT);
    disk.fill();
    await run.reaches('failed');
    await noTrainer();
    const before = written();
    await row('failed').waitFor();
    await until('why', async () =>
      (await row('failed').getAttribute('aria-label'))?.includes('the disk is full. Free some space'),
    );
    await inStatusBar(/short · failed/u);
    await workbench.notification(/‘short’ has failed: .*: the disk is full\. Free some space, then resume/u);
    await workbench.picture('disk-full');
    expect(run.unbroken).toBe(true);
    expect(before.checkpoints).not.toEqual([]);
    await workbench.quiet();
    // Too early: nothing is started that could only fail.
    await workbench.select(row('failed'));
    await workbench.command('Eigenloom: Resume Run');
    await workbench.pick(run.name);
    await workbench.notification(/the disk is full\. Free some space/u);
    expect(trainersOf(session.id)).toEqual([]);
    expect(written()).toEqual(before);
    disk.free();
    await resumed();
    await run.reaches('done');
    expect(run.unbroken).toBe(true);
    expect(run.metrics.startsWith(before.metrics.slice(0, before.metrics.indexOf('"step":20,')))).toBe(true);
    await row('done').waitFor();
  });

  it('has left nothing behind, broken no policy and thrown no error', async () => {
    expect(runsIn(disk.folder).map(({ status }) => status)).toEqual(['done']);
    expect(readdirSync(run.folder).filter((name) => /^\.|^lock|^reserve|^stop/u.test(name))).toEqual([]);
    expect(session.complaints.ours()).toEqual([]);
    await session.browser.close();
    await session.server.stop();
    const left = (): string[] => processesOf(session.id).map(({ command }) => command.slice(-160));
    await until('every process to be gone', () => left().length === 0).catch(() => undefined);
    expect(left()).toEqual([]);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { inject } from 'vitest';
import { CodeServer } from './codeServer';
import { Complaints } from './complaints';
import { CHROMIUM, PICTURES } from './places';
import { endAll, marked, type Process } from './processes';
import { makeSampleWorkspace } from './sampleWorkspace';
import { OPENING_THEME, THEMES, type ThemeName } from './themes';
import { until } from './until';
import { themed } from './webviews';
import { Workbench } from './workbench';

export interface SessionOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** False: the workspace has not been trusted. */
  readonly trusted?: boolean;
  /** Makes what the workspace holds; the sample where nothing is said. */
  readonly prepare?: (folder: string) => void;
  /** What of that is opened: the folder itself, nothing at all, or a workspace's file that lies in it. */
  readonly opens?: 'folder' | 'nothing' | `${string}.code-workspace`;
  /** Shows the side bar first: what wakes the extension where no experiment does. */
  readonly sideBar?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** One server with the packed extension, one browser, one workspace: all of its own, and gone afterwards. */
export class Session {
  private constructor(
    readonly id: string,
    readonly scratch: string,
    readonly workspace: string,
    readonly server: CodeServer,
    readonly browser: Browser,
    readonly workbench: Workbench,
    readonly complaints: Complaints,
  ) {}

  static async open(options: SessionOptions = {}): Promise<Session> {
    const scratch = mkdtempSync(join(tmpdir(), 'eigenloom-vscode-'));
    const id = basename(scratch);
    const workspace = join(scratch, 'sample');
    (options.prepare ?? makeSampleWorkspace)(workspace);
    const server = await CodeServer.start({
      data: join(scratch, 'data'),
      extensions: inject('extensions'),
      environment: { ...marked(id), EIGENLOOM_CACHE: join(scratch, 'cache') },
      settings: { 'workbench.colorTheme': THEMES[OPENING_THEME].id, ...options.settings },
      trusted: options.trusted ?? true,
    });
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      // The sandbox needs rights that containers do not give; what is opened here is this machine's own.
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-prefers-reduced-motion'],
    });
    const page = await newPage(browser, options);
    const complaints = new Complaints(page);
    const workbench = new Workbench(page, server.url);
    const session = new Session(id, scratch, workspace, server, browser, workbench, complaints);
    const { opens = 'folder' } = options;
    if (opens === 'folder') await workbench.open({ folder: workspace });
    else await workbench.open(opens === 'nothing' ? { ew: 'true' } : { workspace: join(workspace, opens) });
    if (options.sideBar === true) await workbench.showRuns();
    return session;
  }

  /** Opens the same folder in another window, as large as usual; it hears no complaints. */
  async anotherWindow(): Promise<Workbench> {
    const workbench = new Workbench(await newPage(this.browser), this.server.url);
    await workbench.open({ folder: this.workspace });
    return workbench;
  }

  /** Waits until the extension has been activated; answers how long that took it, in ms. */
  async activated(): Promise<number> {
    return until('the extension to be activated', () => {
      const found = /activated in (\d+) ms/u.exec(this.log())?.[1];
      return found === undefined ? undefined : Number(found);
    });
  }

  /** What the extension has logged, in all windows so far. */
  log(): string {
    return this.logs(/^(?:\d+-)?Eigenloom\.log$/u);
  }

  /** What VS Code's extension host and the server have logged. */
  hostLog(): string {
    return this.logs(/^remoteexthost\.log$/u);
  }

  /** Changes the colour theme and waits until it is there. */
  async theme(name: ThemeName): Promise<void> {
    await this.workbench.command('Preferences: Color Theme');
    await this.workbench.pick(THEMES[name].label);
    await this.workbench.page.locator(`.monaco-workbench.${THEMES[name].class}`).waitFor();
    await themed(this.workbench.page, THEMES[name].id);
  }

  /** Takes a picture in each of some themes, where pictures are wanted, and goes back to the dark one. */
  async pictures(
    name: string,
    themes: readonly ThemeName[] = ['light', 'high-contrast', 'dark'],
  ): Promise<void> {
    if (PICTURES === undefined) return;
    for (const theme of themes) {
      await this.theme(theme);
      await this.workbench.picture(`${name}-${theme}`);
    }
  }

  /**
   * Ends the browser and the server, waits for what ends with them, then ends the rest and answers what that was: a
   * trainer outlives the window by design, anything else should not.
   */
  async close(): Promise<readonly Process[]> {
    await this.browser.close();
    await this.server.stop();
    const left = endAll(this.id);
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 });
    return left;
  }

  private logs(name: RegExp): string {
    const folder = join(this.server.data, 'logs');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => name.test(basename(file)))
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
  }
}

async function newPage(
  browser: Browser,
  { width = 1440, height = 900 }: Pick<SessionOptions, 'width' | 'height'> = {},
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(45_000);
  return page;
}

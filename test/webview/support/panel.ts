import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type * as vscode from 'vscode';
import { Emitter } from '../../../src/base/emitter';
import type { Channel } from '../../../src/protocol/rpc';
import { webviewPage } from '../../../src/extension/vscode/webviewPage';
import { decodeMessage, encodeMessage } from './messages';
import { THEMES, type ThemeName } from './themes';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const ORIGIN = 'https://panel.test';

/** The page of a panel, open in a browser. */
export interface OpenPanel {
  readonly page: Page;
  /** What the page logged as an error, and what broke its policy. */
  readonly complaints: () => Promise<string[]>;
  /** What the panel wrote down for a reload. */
  readonly keptState: () => Promise<unknown>;
  readonly setTheme: (theme: ThemeName) => Promise<void>;
}

export interface PanelOptions {
  /** The bundle's name. */
  readonly name: string;
  readonly theme: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly state?: unknown;
  /** The user wants as little motion as can be. */
  readonly stillness?: boolean;
  /** Connects the host's side before the page is there. */
  readonly host: (channel: Channel) => void;
}

/** Starts the system's Chromium. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['EIGENLOOM_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--force-color-profile=srgb'],
  });
}

/** Opens the built page of a panel under the policy that it is shipped with. */
export async function openPanel(browser: Browser, options: PanelOptions): Promise<OpenPanel> {
  const { name, theme, width = 900, height = 1000, state, stillness = false, host } = options;
  const page = await browser.newPage({
    viewport: { width, height },
    reducedMotion: stillness ? 'reduce' : 'no-preference',
  });
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  const heard = new Emitter<unknown>();
  await page.exposeFunction('sendToHost', (text: string) => {
    heard.fire(decodeMessage(text));
  });
  host({
    post: (message) => {
      page.evaluate(`receive(${JSON.stringify(encodeMessage(message))})`).catch(async (error: unknown) => {
        // The page was closed, or is being closed, while the host still spoke.
        if (page.isClosed()) return;
        await page.waitForEvent('close', { timeout: 5000 }).catch(() => {
          throw error;
        });
      });
    },
    listen: heard.event,
  });
  const setup = JSON.stringify({ ...THEMES[theme], state });
  const script = readFileSync(join(import.meta.dirname, 'webview.js'), 'utf8');
  await page.addInitScript(`globalThis.setup = ${setup};\n${script}`);
  const { html, files } = served(name);
  await page.route(`${ORIGIN}/**`, async (route) => {
    const file = new URL(route.request().url()).pathname;
    if (file === '/') await route.fulfill({ contentType: 'text/html', body: html });
    else await route.fulfill({ path: join(files, basename(file)) });
  });
  await page.goto(`${ORIGIN}/`);
  return {
    page,
    complaints: async () => {
      const violations: unknown = await page.evaluate('violations');
      return [
        ...errors,
        ...(Array.isArray(violations) ? violations.map(String) : ['no violations are known']),
      ];
    },
    keptState: () => page.evaluate('keptState()'),
    setTheme: async (next) => {
      await page.evaluate(`setTheme(${JSON.stringify(THEMES[next])})`);
    },
  };
}

/** The page as the extension makes it, with addresses that the browser is answered at. */
function served(name: string): { html: string; files: string } {
  const webview = { cspSource: ORIGIN, asWebviewUri: ({ path }: { path: string }) => `${ORIGIN}${path}` };
  const html = webviewPage(
    // The page asks no more of either than is here.
    webview as unknown as vscode.Webview,
    { path: '' } as unknown as vscode.Uri,
    name,
    name,
  );
  return { html, files: join(ROOT, 'dist', 'webview') };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page, a line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found: unknown = await page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary).join(' | ')))`,
  );
  if (!Array.isArray(found)) throw new Error('axe gave no list');
  return found.map(String);
}

/** Waits until the page has drawn what it knows: it draws once a frame, and a frame late. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
}

/** Keeps a picture of the page where EIGENLOOM_SCREENSHOTS names a folder. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const path = picturePath(name);
  if (path !== undefined) await page.screenshot({ path, fullPage: true });
}

/** The same of a picture that a page has saved. */
export function keepPicture(name: string, png: Uint8Array | undefined): void {
  const path = picturePath(name);
  if (path !== undefined && png !== undefined) writeFileSync(path, png);
}

function picturePath(name: string): string | undefined {
  const folder = process.env['EIGENLOOM_SCREENSHOTS'];
  if (folder === undefined || folder === '') return undefined;
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}

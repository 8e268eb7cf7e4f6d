import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Channel } from '../../../src/protocol/rpc';
import { axeViolations, openPanel, type OpenPanel, screenshot, startBrowser } from './panel';
import { type ThemeName, THEMES } from './themes';

export const THEME_NAMES = Object.keys(THEMES) as ThemeName[];

/** The host's side of a panel. */
export interface PanelHost {
  /** Shows what the panel is about. */
  show(): void;
  connect(channel: Channel): void;
  dispose(): void;
}

interface Opening {
  readonly theme?: ThemeName;
  readonly size?: number;
  readonly state?: unknown;
  /** Nothing is shown yet. */
  readonly empty?: boolean;
  /** Chromium's `prefers-reduced-motion`. */
  readonly stillness?: boolean;
}

/** Opens panels of a kind, one in each test, in a browser of this file's; each test's panel is closed after it. */
export function panelTests<W extends object, H extends PanelHost>(
  name: string,
  hostOf: (world: W) => H,
): (opening?: W & Opening) => Promise<{ page: Page; host: H; panel: OpenPanel }> {
  let browser: Browser;
  let open: { host: H; panel: OpenPanel } | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    open?.host.dispose();
    await open?.panel.page.close();
    open = undefined;
  });
  afterAll(async () => {
    await browser.close();
  });
  return async (opening) => {
    const { theme = 'dark', size = 900, state, empty = false, stillness = false, ...world } = opening ?? {};
    // Without the opening's own keys it is the world.
    const host = hostOf(world as unknown as W);
    if (!empty) host.show();
    const panel = await openPanel(browser, {
      name,
      theme,
      width: size,
      state,
      stillness,
      host: (channel) => host.connect(channel),
    });
    open = { host, panel };
    return { page: panel.page, host, panel };
  };
}

/** Holds a page against what everybody needs: axe finds nothing, its policy holds, nothing is logged or cut off. */
export async function expectSound(panel: OpenPanel, picture: string): Promise<void> {
  const { page } = panel;
  await screenshot(page, picture);
  expect(await axeViolations(page)).toEqual([]);
  expect(await panel.complaints()).toEqual([]);
  const overflow: unknown = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(overflow).toBe(0);
}

import { readFileSync } from 'node:fs';
import type { Frame, Page } from 'playwright-core';
import { AXE } from './places';
import { until } from './until';

/**
 * The page inside a webview panel, by its title. VS Code wraps it in two frames of its own; a panel that is hidden
 * behind another has none.
 */
export async function webview(page: Page, title: string): Promise<Frame> {
  return until(`the panel '${title}'`, () => findWebview(page, title));
}

/** As `webview`, but undefined where it is not there now. */
export async function findWebview(page: Page, title: string): Promise<Frame | undefined> {
  for (const frame of page.frames()) {
    if (!frame.url().includes('fake.html')) continue;
    try {
      if ((await frame.title()) !== title) continue;
      if (await (await frame.frameElement()).isVisible()) return frame;
    } catch {
      // The frame is being taken away.
    }
  }
  return undefined;
}

/** Waits until the panels that are seen have taken on a theme, by its id: they hear of it after the workbench. */
export async function themed(page: Page, theme: string): Promise<void> {
  await until(`the panels to take on ${theme}`, async () => {
    const frames = page.frames().filter((frame) => frame.url().includes('fake.html'));
    const themes = await Promise.all(
      frames.map(async (frame) => {
        if (!(await (await frame.frameElement()).isVisible())) return theme;
        return frame.evaluate(() => document.body.dataset['vscodeThemeId']);
      }),
    );
    return themes.every((shown) => shown === theme);
  });
}

/** One rule that a page breaks, and where. */
interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What a page does wrong for those who cannot see it or use no mouse, as sentences; none is the aim. */
export async function inaccessible(frame: Frame): Promise<string[]> {
  // A debugger's evaluation is not bound by the page's policy, which lets no script in.
  await frame.evaluate(readFileSync(AXE, 'utf8'));
  const violations = await frame.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: (options: object) => Promise<{ violations: Violation[] }> };
    };
    // The page stands inside VS Code's own, which has the landmarks.
    return (await axe.run({ rules: { region: { enabled: false } } })).violations;
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary ?? ''}`,
    ),
  );
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { PICTURES } from './places';
import { settled, until } from './until';

/** How long (ms) VS Code is waited for when it starts. */
const SLOW = 150_000;

/** A workbench in a browser, driven as a user would: by keys, and by what stands on the screen. */
export class Workbench {
  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  /** Opens what the address asks for, e.g. a `folder`, and waits until the workbench stands. */
  async open(address: Readonly<Record<string, string>>): Promise<void> {
    await this.page.goto(`${this.url}/?${new URLSearchParams(address).toString()}`);
    await this.stands();
  }

  /** Waits until the window has gone over to another folder by itself. */
  async goesTo(folder: string): Promise<void> {
    await this.page.waitForURL((url) => url.searchParams.get('folder')?.endsWith(folder) === true);
    await this.stands();
  }

  /** Reloads the window, as VS Code does by itself after an update. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.stands();
  }

  /**
   * Waits for the last of what VS Code itself puts up. It does so when it has nothing else to do, which beside a
   * trainer takes its time; until then commands that ask whether the workspace is trusted are not offered.
   */
  private async stands(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    await until(
      'the workbench to stand',
      () =>
        this.page.evaluate(
          () => performance.getEntriesByName('code/didCreateWorkbenchContributions/3').length > 0,
        ),
      SLOW,
    );
  }

  /** Presses keys, e.g. `Control+Shift+P`, one after another. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /**
   * Runs a command from the palette by its title, with its category where it has one. The palette knows only what was
   * there when it was opened, so that it is opened again until it has the command.
   */
  async command(title: string): Promise<void> {
    await until(
      `the command '${title}'`,
      async () => {
        await this.press('F1');
        if (await this.choose(title, `>${title}`)) return true;
        await this.press('Escape');
        return false;
      },
      SLOW,
    );
  }

  /** Whether the palette offers a command, by its whole title. */
  async offers(title: string): Promise<boolean> {
    await this.press('F1');
    await this.input.fill(`>${title}`);
    const labels = await settled('the palette', () => this.choiceLabels());
    await this.press('Escape');
    return labels.includes(title);
  }

  /** The box in which the palette, a quick pick and an input are typed. */
  get input(): Locator {
    return this.page.locator('.quick-input-widget:not(.hidden) input.input').first();
  }

  /** The rows of an open quick pick. */
  get choices(): Locator {
    return this.page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  }

  /** Chooses the row of the open quick pick whose label is a text, or else begins with it, by the keyboard. */
  async pick(label: string): Promise<void> {
    await until(`the choice '${label}'`, () => this.choose(label, label));
  }

  /** As `pick`, with other words typed; false where there is no such row when the rows have come to rest. */
  private async choose(label: string, typed: string): Promise<boolean> {
    await this.input.waitFor();
    await this.input.fill(typed);
    const labels = await settled('the choices', () => this.choiceLabels());
    const exact = labels.indexOf(label);
    const at = exact === -1 ? labels.findIndex((text) => text.startsWith(label)) : exact;
    if (at === -1) return false;
    const wanted = labels[at];
    // Where several may be chosen no row has the focus at first.
    const focused = this.page.locator('.quick-input-list .monaco-list-row.focused .label-name');
    for (let turn = 0; turn <= labels.length; turn++) {
      const [text] = await focused.allTextContents();
      if (text?.trim() === wanted) break;
      await this.press('ArrowDown');
    }
    await this.press('Enter');
    return true;
  }

  private choiceLabels(): Promise<string[]> {
    return this.choices.evaluateAll((rows) =>
      rows.map((row) => row.querySelector('.label-name')?.textContent.trim() ?? ''),
    );
  }

  /** Types into the open input box and accepts it. */
  async answer(text: string): Promise<void> {
    await this.input.waitFor();
    await this.input.fill(text);
    await this.press('Enter');
  }

  /** Opens a file of the folder by quick open. */
  async openFile(name: string): Promise<void> {
    await this.command('Go to File...');
    await this.pick(name);
    await this.page
      .locator(`.editor-group-container.active .tab.active[data-resource-name="${name}"]`)
      .waitFor();
  }

  /** Puts the cursor at a line and column of the active editor. */
  async goTo(line: number, column = 1): Promise<void> {
    await this.command('Go to Line/Column...');
    await this.answer(`:${line}:${column}`);
    // Keys that are pressed before the text has the focus again are lost.
    await until('the cursor in the text', () =>
      this.page.evaluate(
        () => document.activeElement?.closest('.editor-group-container.active .monaco-editor') !== null,
      ),
    );
  }

  /** Shows the extension's side bar. */
  async showRuns(): Promise<void> {
    await this.command('View: Show Eigenloom');
    await this.view('Runs').waitFor();
  }

  /** Makes the side bar wider by some pixels, by its edge. */
  async widenSideBar(pixels: number): Promise<void> {
    const bar = await this.page.locator('.part.sidebar').boundingBox();
    if (bar === null) throw new Error('the side bar has no place');
    const [edge, middle] = [bar.x + bar.width, bar.y + bar.height / 2];
    await this.page.mouse.move(edge, middle);
    await this.page.mouse.down();
    await this.page.mouse.move(edge + pixels, middle, { steps: 5 });
    await this.page.mouse.up();
  }

  /** A section of the side bar, by the name on its header. */
  view(name: string): Locator {
    return this.page.locator('.pane', { has: this.page.locator(`.pane-header[aria-label^="${name}"]`) });
  }

  /** The rows of a view's tree that contain a text. */
  rows(view: string, text: string | RegExp): Locator {
    return this.view(view).locator('.monaco-list-row', { hasText: text });
  }

  /** The rows of runs in the explorer that contain a text: not those of their groups. */
  runs(text: string | RegExp = ''): Locator {
    return this.view('Runs').locator('.monaco-list-row[aria-level="2"]', { hasText: text });
  }

  /** Selects a row of a tree by the mouse, when the rows have come to rest. */
  async select(row: Locator): Promise<void> {
    await settled('the rows', () => row.boundingBox());
    await row.click();
    await until('the row to be selected', async () => (await row.getAttribute('aria-selected')) === 'true');
  }

  /** Selects some rows of a tree, the first to the last, by the mouse. */
  async selectAll(rows: Locator): Promise<void> {
    await this.select(rows.first());
    const count = await rows.count();
    if (count === 1) return;
    await rows.last().click({ modifiers: ['Shift'] });
    const selected = rows.and(this.page.locator('[aria-selected="true"]'));
    await until(`${count} rows to be selected`, async () => (await selected.count()) === count, 3000);
  }

  /**
   * Chooses a command from the menu of a row, or of several, which are selected for it, until it has done what it is
   * to do. As a whole: rows that come meanwhile move the others from under the pointer, and a menu takes no click in
   * its first tenth of a second.
   */
  async menu(rows: Locator, label: string, done: () => Promise<boolean>): Promise<void> {
    const item = this.page.locator('.monaco-menu .action-label', { hasText: label }).first();
    await until(`the menu's ${label}`, async () => {
      if (await item.isVisible()) await this.press('Escape');
      await settled('the rows', () =>
        rows.evaluateAll((all) => all.map((row) => [row.ariaLabel, row.getBoundingClientRect().top])),
      );
      if ((await rows.count()) > 1) await this.selectAll(rows);
      await rows.last().click({ button: 'right', timeout: 3000 });
      await item.click({ delay: 150, timeout: 3000 });
      return until(`what ${label} does`, done, 5000);
    });
  }

  /** Puts the focus onto the row of a run, by what is said of it, by the keyboard. */
  async focusRun(said: RegExp): Promise<void> {
    await this.command('Eigenloom: Focus on Runs View');
    const focused = this.view('Runs').locator('.monaco-list-row.focused');
    await until(`the focus on ${String(said)}`, async () => {
      const labels = await focused.evaluateAll((rows) => rows.map((row) => row.ariaLabel ?? ''));
      if (labels.some((label) => said.test(label))) return true;
      await this.press('ArrowDown');
      return false;
    });
  }

  /** Chooses a command from the menu of the row that has the focus, by the keyboard. */
  async menuByKeys(label: string): Promise<void> {
    await this.press('Shift+F10');
    const focused = this.page.locator('.monaco-menu .action-item.focused');
    await focused.or(this.page.locator('.monaco-menu')).first().waitFor();
    await until(`the menu's ${label} to have the focus`, async () => {
      if ((await focused.allTextContents()).join(' ').includes(label)) return true;
      await this.press('ArrowDown');
      return false;
    });
    await this.press('Enter');
  }

  /** The notifications that stand there, as text. */
  async notifications(): Promise<string[]> {
    return this.page
      .locator('.notifications-toasts .notification-list-item-message')
      .evaluateAll((items) => items.map((item) => item.textContent));
  }

  /** Waits for a notification, and presses one of its buttons where one is named. */
  async notification(text: string | RegExp, button?: string): Promise<void> {
    const item = this.page
      .locator('.notifications-toasts .notification-list-item', { hasText: text })
      .first();
    await item.waitFor();
    if (button !== undefined) await item.getByRole('button', { name: button }).click();
  }

  /** Closes all notifications. */
  async quiet(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** The text of the active editor, as far as it is drawn. */
  async editorText(): Promise<string> {
    const lines = await this.page
      .locator('.editor-group-container.active .view-lines .view-line')
      .evaluateAll((all) =>
        all
          .map((line) => ({
            top: Number.parseFloat((line as HTMLElement).style.top),
            text: line.textContent,
          }))
          .sort((a, b) => a.top - b.top)
          .map(({ text }) => text.replaceAll('\u00a0', ' ')),
      );
    return lines.join('\n');
  }

  /** Takes a picture where pictures are wanted. */
  async picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }
}

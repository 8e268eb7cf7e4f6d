import type { ConsoleMessage, Page } from 'playwright-core';

/** What a page said that it should not have. */
export interface Complaint {
  readonly kind: 'error' | 'policy';
  readonly text: string;
  /** The address of the script or page that it came from. */
  readonly from: string;
}

/**
 * Collects the errors that a page and all its frames log, and what their content security policies refused. The
 * workbench itself logs errors that are not the extension's (favicons, extensions it looks for); `ours` leaves these out.
 */
export class Complaints {
  readonly all: Complaint[] = [];

  constructor(page: Page) {
    page.on('console', (message) => this.hear(message));
    page.on('pageerror', (error) => {
      this.all.push({ kind: 'error', text: error.stack ?? error.message, from: error.stack ?? '' });
    });
  }

  /** Those that come from the extension or its webviews, and every refusal by a policy in a webview. */
  ours(): readonly Complaint[] {
    return this.all.filter(
      ({ from, text, kind }) =>
        /extensions\/eigenloom|eigenloom\.eigenloom/u.test(`${from} ${text}`) ||
        (kind === 'policy' && /webview|fake\.html/u.test(from)),
    );
  }

  private hear(message: ConsoleMessage): void {
    const text = message.text();
    const { url, lineNumber, columnNumber } = message.location();
    const from = `${url}:${lineNumber + 1}:${columnNumber + 1}`;
    const policy = /content security policy|refused to (?:load|apply|execute|run|connect|evaluate)/iu.test(
      text,
    );
    if (policy) this.all.push({ kind: 'policy', text, from });
    else if (message.type() === 'error') this.all.push({ kind: 'error', text, from });
  }
}

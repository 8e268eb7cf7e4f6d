import type { TokensView } from '../../src/protocol/panels/tokens';
import { button, setEnabled, textField } from '../kit/controls';
import { el, setText } from '../kit/dom';
import { pageText } from './text';

/** Previous and next rows, and a field to go to one. */
export class Pager {
  readonly element: HTMLElement;
  readonly #previous: HTMLElement;
  readonly #next: HTMLElement;
  readonly #page = el('span', { 'aria-live': 'polite' });
  #view: TokensView | undefined;

  constructor(private readonly goTo: (from: number) => void) {
    this.#previous = button({ label: 'Previous', onClick: () => this.step(-1) });
    this.#next = button({ label: 'Next', onClick: () => this.step(1) });
    const field = textField('Go to row', 'Go to row', () => undefined);
    const form = el('form', {
      class: 'go',
      onsubmit: (event: Event) => {
        event.preventDefault();
        go();
      },
    });
    const go = (): void => {
      const row = Number.parseInt(field.value.replaceAll(/[\s,.]/gu, ''), 10);
      if (!Number.isFinite(row) || row < 1) return;
      const { preview } = this.#view ?? {};
      const last = preview?.complete === true ? preview.total : Infinity;
      this.goTo(Math.min(row, last) - 1);
      field.value = '';
    };
    field.element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        go();
      }
    });
    form.append(field.element);
    this.element = el(
      'nav',
      { class: 'pager', 'aria-label': 'Rows' },
      this.#previous,
      this.#next,
      this.#page,
      form,
    );
  }

  update(view: TokensView): void {
    this.#view = view;
    const { from, preview } = view;
    const shown = preview?.rows.length ?? 0;
    setEnabled(this.#previous, from > 0);
    setEnabled(this.#next, preview !== undefined && (from + shown < preview.total || !preview.complete));
    setText(this.#page, pageText(view));
  }

  private step(pages: number): void {
    const view = this.#view;
    if (view !== undefined) this.goTo(Math.max(0, view.from + pages * view.count));
  }
}

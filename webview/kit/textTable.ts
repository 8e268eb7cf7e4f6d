import { el, setShown, setText } from './dom';

/** Numbers as a table that is folded out below its name: for those who read rather than see. */
export class TextTable {
  readonly element: HTMLDetailsElement;
  readonly #caption = el('caption', { class: 'spoken' });
  readonly #head = el('thead');
  readonly #body = el('tbody');
  #shown = '';

  constructor(
    private readonly name: string,
    open: boolean,
    onToggle: (open: boolean) => void,
  ) {
    const table = el('table', {}, this.#caption, this.#head, this.#body);
    this.element = el(
      'details',
      { class: 'table', open },
      el('summary', {}, name),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, table),
    );
    this.element.addEventListener('toggle', () => onToggle(this.element.open));
  }

  get open(): boolean {
    return this.element.open;
  }

  /** Fills it where it is open; `make` gives the head, and rows whose first cell is their own head. */
  update(
    shown: boolean,
    make: () => { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] },
  ): void {
    setShown(this.element, shown);
    if (!shown || !this.element.open) return;
    const { head, rows } = make();
    const text = JSON.stringify([head, rows]);
    if (text === this.#shown) return;
    this.#shown = text;
    setText(this.#caption, this.name);
    this.#head.replaceChildren(
      el(
        'tr',
        {},
        ...head.map((cell, index) => el('th', { scope: 'col', class: index === 0 ? '' : 'number' }, cell)),
      ),
    );
    this.#body.replaceChildren(
      ...rows.map(([first = '', ...cells]) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, first),
          ...cells.map((cell) => el('td', { class: 'number' }, cell)),
        ),
      ),
    );
  }
}

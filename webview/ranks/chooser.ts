import { el, setText } from '../kit/dom';

export interface ChooserOptions {
  readonly name: string;
  readonly ranks: readonly number[];
  /** The rank that is pinned; undefined where the rule decides. */
  readonly pinned: number | undefined;
  /** What the rule, or the pin, gives it now. */
  readonly rank: number | undefined;
  /** Where it belongs on the page. */
  readonly at: DOMRect;
  readonly choose: (rank: number | undefined) => void;
  /** It is gone: the focus goes back. */
  readonly closed: () => void;
}

/** A small menu for the rank of one module, by the pattern of a menu: arrow keys, Enter, Escape. */
export class RankChooser {
  readonly element = el('div', { class: 'chooser', hidden: true });
  readonly #title = el('div', { class: 'chooser-title', id: 'chooser-title' });
  readonly #menu = el('div', { role: 'menu', 'aria-labelledby': 'chooser-title' });
  #options: ChooserOptions | undefined;

  constructor() {
    this.element.append(this.#title, this.#menu);
    this.element.addEventListener('keydown', (event) => {
      if (this.pressed(event.key)) event.preventDefault();
    });
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.element.contains(relatedTarget))) this.close(false);
    });
  }

  open(options: ChooserOptions): void {
    this.#options = options;
    setText(this.#title, options.name);
    const item = (text: string, rank: number | undefined): HTMLElement =>
      el(
        'div',
        {
          role: 'menuitemradio',
          tabindex: -1,
          'aria-checked': String(rank === options.pinned),
          onclick: () => this.choose(rank),
        },
        text,
      );
    const free = options.pinned === undefined && options.rank !== undefined ? ` (now ${options.rank})` : '';
    this.#menu.replaceChildren(
      item(`By the rule${free}`, undefined),
      ...options.ranks.map((rank) => item(`Pin rank ${rank}`, rank)),
    );
    this.element.hidden = false;
    this.putAt(options.at);
    const checked = this.items.find((one) => one.getAttribute('aria-checked') === 'true');
    (checked ?? this.items[0])?.focus();
  }

  private get items(): HTMLElement[] {
    return [...this.#menu.children].filter((child) => child instanceof HTMLElement);
  }

  private putAt(cell: DOMRect): void {
    const { width, height } = this.element.getBoundingClientRect();
    const below = cell.bottom + 4 + height <= window.innerHeight;
    const left = Math.max(4, Math.min(cell.left, document.documentElement.clientWidth - width - 4));
    const top = below ? cell.bottom + 4 : Math.max(4, cell.top - 4 - height);
    Object.assign(this.element.style, { left: `${left}px`, top: `${top}px` });
  }

  private choose(rank: number | undefined): void {
    const options = this.#options;
    this.close(true);
    options?.choose(rank);
  }

  private close(back: boolean): void {
    const options = this.#options;
    if (options === undefined) return;
    this.#options = undefined;
    // The focus first: an element that is hidden with it would let it fall.
    if (back) options.closed();
    this.element.hidden = true;
  }

  /** Whether a key meant something here. */
  private pressed(key: string): boolean {
    const { items } = this;
    const at = items.findIndex((one) => one === document.activeElement);
    const to = (index: number): void => items[(index + items.length) % items.length]?.focus();
    if (key === 'ArrowDown') to(at + 1);
    else if (key === 'ArrowUp') to(at - 1);
    else if (key === 'Home') to(0);
    else if (key === 'End') to(-1);
    else if (key === 'Enter' || key === ' ') items[at]?.click();
    else if (key === 'Escape' || key === 'Tab') this.close(true);
    else return false;
    return true;
  }
}

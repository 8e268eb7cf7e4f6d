import { el, setText } from './dom';
import type { GridCell } from './gridCell';
import { type GridPlace, type ModuleGrid, moved } from './moduleGrid';

export interface GridEvents {
  /** Enter, or a click. */
  readonly onOpen: (path: string) => void;
  /** Space, or a click with Ctrl or Shift. */
  readonly onAdd: (path: string) => void;
  /** Delete or Backspace. */
  readonly onClear?: (path: string) => void;
  /** The cell that the pointer or the focus is on. */
  readonly onPoint: (path: string | undefined) => void;
}

/** Modules as a grid of cells, by the pattern of a grid: one stop of the Tab key, and arrow keys within. */
export class GridView {
  readonly element: HTMLElement;
  readonly #grid: HTMLElement;
  #layout: ModuleGrid = { rows: [], columns: [] };
  #drawn = '';
  #cells = new Map<string, HTMLElement>();
  #shown = new Map<string, GridCell>();
  #places = new Map<string, GridPlace>();
  /** The cell that the Tab key comes to. */
  #current: string | undefined;

  constructor(
    label: string,
    private readonly events: GridEvents,
    { multiple = false }: { readonly multiple?: boolean } = {},
  ) {
    this.#grid = el('div', {
      role: 'grid',
      class: 'module-grid',
      'aria-label': label,
      'aria-multiselectable': multiple ? 'true' : undefined,
    });
    this.element = el('div', { class: 'module-grid-scroll' }, this.#grid);
    this.#grid.addEventListener('click', (event) => {
      const path = pathOf(event.target);
      if (path === undefined) return;
      this.makeCurrent(path);
      if (event.ctrlKey || event.metaKey || event.shiftKey) events.onAdd(path);
      else events.onOpen(path);
    });
    this.#grid.addEventListener('keydown', (event) => {
      if (this.pressed(event)) event.preventDefault();
    });
    this.#grid.addEventListener('focusin', ({ target }) => {
      const path = pathOf(target);
      if (path === undefined) return;
      this.makeCurrent(path);
      events.onPoint(path);
    });
    this.#grid.addEventListener('focusout', () => events.onPoint(undefined));
    this.#grid.addEventListener('pointerover', ({ target }) => events.onPoint(pathOf(target)));
    this.#grid.addEventListener('pointerleave', () => {
      const focused = pathOf(document.activeElement);
      events.onPoint(focused !== undefined && this.#cells.has(focused) ? focused : undefined);
    });
  }

  /** What it is called, and which keys mean something in it. */
  set label(label: string) {
    if (this.#grid.getAttribute('aria-label') !== label) this.#grid.setAttribute('aria-label', label);
  }

  update(layout: ModuleGrid, cells: ReadonlyMap<string, GridCell>): void {
    const text = JSON.stringify(layout);
    if (text !== this.#drawn) {
      this.#drawn = text;
      this.#layout = layout;
      this.build();
    }
    for (const [path, element] of this.#cells) {
      const cell = cells.get(path);
      if (cell !== undefined) this.paint(path, element, cell);
    }
  }

  /** Where a cell stands on the page. */
  placeOf(path: string): DOMRect | undefined {
    return this.#cells.get(path)?.getBoundingClientRect();
  }

  focus(path: string): void {
    this.makeCurrent(path);
    this.#cells.get(path)?.focus();
  }

  private build(): void {
    const { rows, columns } = this.#layout;
    this.#cells = new Map();
    this.#shown = new Map();
    this.#places = new Map();
    // Through the CSSOM: a style attribute would break the policy of the page.
    this.#grid.style.setProperty('--columns', String(columns.length));
    const head = el(
      'div',
      { role: 'row' },
      el('div', { role: 'columnheader', class: 'grid-corner' }, 'Layer'),
      ...columns.map((layer) =>
        el('div', { role: 'columnheader', class: 'grid-layer' }, layer === undefined ? '–' : String(layer)),
      ),
    );
    const body = rows.map(({ label, cells }, row) =>
      el(
        'div',
        { role: 'row' },
        el('div', { role: 'rowheader', class: 'grid-kind', title: label }, label),
        ...cells.map((path, column) => {
          if (path === undefined) return el('div', { role: 'gridcell', class: 'grid-gap' });
          const cell = el('div', { role: 'gridcell', class: 'grid-cell', tabindex: -1, 'data-path': path });
          this.#cells.set(path, cell);
          this.#places.set(path, { row, column });
          return cell;
        }),
      ),
    );
    this.#grid.replaceChildren(head, ...body);
    const current = this.#current;
    this.#current = undefined;
    const first =
      current !== undefined && this.#cells.has(current) ? current : this.#cells.keys().next().value;
    if (first !== undefined) this.makeCurrent(first);
  }

  private paint(path: string, element: HTMLElement, cell: GridCell): void {
    const before = this.#shown.get(path);
    this.#shown.set(path, cell);
    if (before?.colour !== cell.colour) element.style.background = cell.colour ?? '';
    if (before?.ink !== cell.ink) element.style.color = cell.colour === undefined ? '' : cell.ink;
    setText(element, cell.text);
    if (before?.label !== cell.label) element.setAttribute('aria-label', cell.label);
    if (before?.selected !== cell.selected) element.setAttribute('aria-selected', String(cell.selected));
    const classes = ['grid-cell', ...(cell.colour === undefined ? ['pending'] : []), ...cell.marks].join(' ');
    if (element.className !== classes) element.className = classes;
  }

  private makeCurrent(path: string): void {
    if (path === this.#current || !this.#cells.has(path)) return;
    if (this.#current !== undefined) this.#cells.get(this.#current)?.setAttribute('tabindex', '-1');
    this.#cells.get(path)?.setAttribute('tabindex', '0');
    this.#current = path;
  }

  /** Whether a key meant something here. */
  private pressed({ key, target, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
    const path = pathOf(target);
    const place = path === undefined ? undefined : this.#places.get(path);
    if (path === undefined || place === undefined || altKey) return false;
    if (key === ' ') this.events.onAdd(path);
    else if (key === 'Enter') {
      if (ctrlKey || metaKey || shiftKey) this.events.onAdd(path);
      else this.events.onOpen(path);
    } else if ((key === 'Delete' || key === 'Backspace') && this.events.onClear !== undefined) {
      this.events.onClear(path);
    } else {
      const next = moved(this.#layout, place, key, ctrlKey || metaKey);
      const to = next === undefined ? undefined : this.#layout.rows[next.row]?.cells[next.column];
      if (to === undefined) return false;
      this.focus(to);
    }
    return true;
  }
}

function pathOf(target: unknown): string | undefined {
  if (!(target instanceof Element)) return undefined;
  const cell = target.closest('.grid-cell');
  return cell instanceof HTMLElement ? cell.dataset['path'] : undefined;
}

import { el, setShown } from '../kit/dom';
import type { State } from './state';
import { tableRows } from './tableRows';

const COLUMNS = ['Last', 'At step', 'Best', 'At step', 'Lowest', 'Highest', 'Values'] as const;

/** The charts as a table: for those who read rather than see, and who want the numbers. */
export class CurvesTable {
  readonly element: HTMLDetailsElement;
  readonly #body = el('tbody');
  #shown = '';

  constructor(open: boolean, onToggle: (open: boolean) => void) {
    const head = el(
      'tr',
      {},
      el('th', { scope: 'col' }, 'Run'),
      el('th', { scope: 'col' }, 'Metric'),
      ...COLUMNS.map((name) => el('th', { scope: 'col', class: 'number' }, name)),
    );
    const table = el(
      'table',
      {},
      el('caption', { class: 'spoken' }, 'Last, best, lowest and highest values of the runs shown'),
      el('thead', {}, head),
      this.#body,
    );
    this.element = el(
      'details',
      { class: 'table', open },
      el('summary', {}, 'Values as a table'),
      el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Values as a table' }, table),
    );
    this.element.addEventListener('toggle', () => {
      onToggle(this.element.open);
    });
  }

  update(state: State): void {
    const rows = tableRows(state);
    setShown(this.element, rows.length > 0);
    if (!this.element.open) return;
    const text = JSON.stringify(rows);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#body.replaceChildren(
      ...rows.map(({ run, metric, cells }) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, run),
          el('td', {}, metric),
          ...cells.map((cell) => el('td', { class: 'number' }, cell)),
        ),
      ),
    );
  }
}

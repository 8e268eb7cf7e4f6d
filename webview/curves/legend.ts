import { button, checkbox, textField, type Checkbox, type ValueControl } from '../kit/controls';
import { el, keepChildren, setShown, setText } from '../kit/dom';
import { formatValue } from '../kit/format';
import { icon } from '../kit/icons';
import type { Mark } from '../kit/palette';
import type { NamedRun } from '../../src/protocol/panels/runNames';
import { swatch } from '../kit/swatch';
import type { State } from './state';

export interface LegendActions {
  readonly show: (folder: string, shown: boolean) => void;
  readonly remove: (folder: string) => void;
  readonly add: () => void;
  /** The run whose lines stand out, while the pointer or the focus is on it. */
  readonly emphasise: (folder: string | undefined) => void;
}

/** From how many runs on they can be searched. */
const MANY = 8;

/** The runs, with the marks of their lines, and what can be done with each. */
export class Legend {
  readonly element: HTMLElement;
  readonly #list = el('ul', { class: 'legend-list' });
  readonly #rows = new Map<string, LegendRow>();
  readonly #filter: ValueControl<string>;
  #state: State | undefined;
  #marks: ReadonlyMap<string, Mark> = new Map();

  constructor(private readonly actions: LegendActions) {
    this.#filter = textField('Filter runs', 'Filter runs', () => {
      if (this.#state !== undefined) this.update(this.#state, this.#marks);
    });
    const add = button({ label: 'Add runs…', onClick: actions.add });
    add.prepend(icon('plus'));
    this.element = el(
      'section',
      { class: 'legend', 'aria-label': 'Runs' },
      el('div', { class: 'legend-head' }, el('h2', {}, 'Runs'), this.#filter.element, add),
      this.#list,
    );
  }

  update(state: State, marks: ReadonlyMap<string, Mark>): void {
    this.#state = state;
    this.#marks = marks;
    setShown(this.#filter.element, state.order.length > MANY);
    const wanted = state.order.length > MANY ? this.#filter.value.trim().toLowerCase() : '';
    const order = state.order.filter((folder) => {
      const run = state.runs.get(folder);
      const text = run === undefined ? '' : `${run.name} ${run.method} ${run.status} ${run.id}`;
      return run !== undefined && text.toLowerCase().includes(wanted);
    });
    keepChildren(this.#list, this.#rows, order, (folder) => new LegendRow(folder, this.actions));
    for (const [folder, row] of this.#rows) {
      const run = state.runs.get(folder);
      if (run !== undefined) row.update(run, marks.get(folder));
    }
  }
}

/** One run of the legend. */
class LegendRow {
  readonly element: HTMLLIElement;
  readonly #check: Checkbox;
  readonly #swatch = el('span', { class: 'legend-swatch' });
  readonly #status = el('span', { class: 'status' });
  readonly #value = el('span', { class: 'legend-value', title: 'Last training loss' });
  readonly #remove: HTMLElement;
  #mark = '';

  constructor(folder: string, actions: LegendActions) {
    this.#check = checkbox('', true, (shown) => {
      actions.show(folder, shown);
    });
    this.#remove = button({
      label: 'Remove',
      kind: 'icon',
      icon: icon('close'),
      onClick: () => {
        actions.remove(folder);
      },
    });
    this.element = el(
      'li',
      { class: 'legend-row' },
      this.#check.element,
      this.#swatch,
      this.#status,
      this.#value,
      this.#remove,
    );
    for (const name of ['pointerenter', 'focusin']) {
      this.element.addEventListener(name, () => {
        actions.emphasise(folder);
      });
    }
    for (const name of ['pointerleave', 'focusout']) {
      this.element.addEventListener(name, () => {
        actions.emphasise(undefined);
      });
    }
  }

  update(run: NamedRun, mark: Mark | undefined): void {
    this.#check.value = run.shown;
    this.#check.setLabel(run.name);
    this.#check.element.title = run.id;
    setText(this.#status, run.status);
    this.#status.dataset['status'] = run.status;
    setText(this.#value, run.loss === undefined ? '' : formatValue(run.loss));
    this.#remove.setAttribute('aria-label', `Remove ${run.name}`);
    this.#remove.title = `Remove ${run.name} from the curves; the run stays`;
    const text = JSON.stringify(mark ?? null);
    if (text === this.#mark) return;
    this.#mark = text;
    this.#swatch.replaceChildren(...(mark === undefined ? [] : [swatch(mark)]));
  }
}

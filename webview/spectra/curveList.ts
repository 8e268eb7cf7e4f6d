import { button } from '../kit/controls';
import { el, keepChildren, setShown, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { moduleName } from '../kit/moduleGrid';
import { swatch } from '../kit/swatch';
import { type Curve, keptText } from './curves';
import type { State } from './state';

/** The spectra that are drawn, with what their cut keeps. */
export class CurveList {
  readonly element = el('ul', { class: 'curve-list', 'aria-label': 'Spectra shown' });
  readonly #rows = new Map<string, CurveRow>();

  constructor(private readonly remove: (path: string) => void) {}

  update(state: State, curves: readonly Curve[]): void {
    const byKey = new Map(curves.map((curve) => [`${curve.set.key}\n${curve.module.path}`, curve]));
    keepChildren(this.element, this.#rows, [...byKey.keys()], () => new CurveRow(this.remove));
    setShown(this.element, curves.length > 0);
    const listed = new Set<string>();
    for (const [key, row] of this.#rows) {
      const curve = byKey.get(key);
      if (curve !== undefined) row.update(state, curve, !listed.has(curve.module.path));
      listed.add(curve?.module.path ?? '');
    }
  }
}

class CurveRow {
  readonly element: HTMLLIElement;
  readonly #swatch = el('span');
  readonly #name = el('span', { class: 'curve-name' });
  readonly #main = el('span', { class: 'curve-main' });
  readonly #more = el('span', { class: 'muted' });
  readonly #remove: HTMLElement;
  #path = '';
  #mark = '';

  constructor(remove: (path: string) => void) {
    this.#remove = button({
      label: 'Remove',
      kind: 'icon',
      icon: icon('close'),
      onClick: () => remove(this.#path),
    });
    this.element = el(
      'li',
      {},
      this.#swatch,
      this.#name,
      el('span', { class: 'curve-text' }, this.#main, this.#more),
      this.#remove,
    );
  }

  update(state: State, curve: Curve, first: boolean): void {
    this.#path = curve.module.path;
    setText(this.#name, curve.name);
    this.#name.title = curve.module.path;
    const { main, more } = keptText(state, curve);
    setText(this.#main, main);
    setText(this.#more, more);
    const label = `Remove ${moduleName(curve.module)}`;
    this.#remove.setAttribute('aria-label', label);
    this.#remove.title = label;
    // A module goes with all its curves, so that the first has the button.
    this.#remove.classList.toggle('absent', !first);
    const text = JSON.stringify(curve.mark);
    if (text === this.#mark) return;
    this.#mark = text;
    this.#swatch.replaceChildren(swatch(curve.mark));
  }
}

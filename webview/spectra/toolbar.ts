import type { SpectraMeasure } from '../../src/protocol/panels/spectra';
import { button } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { saveMenu } from '../kit/menu';
import { isMeasure, MEASURES, measuresOf } from './measures';
import { mapMeasure, mapSet, type State } from './state';

/** What can be saved, and as what. */
const SAVES = {
  svg: 'Picture (SVG)',
  png: 'Picture (PNG)',
  measures: 'Measures of all modules (CSV)',
  values: 'Singular values drawn (CSV)',
} as const;
export type SaveName = keyof typeof SAVES;

export interface ToolbarActions {
  readonly measure: (measure: SpectraMeasure) => void;
  readonly set: (key: string) => void;
  /** Asks for a model to compare with. */
  readonly compare: () => void;
  readonly endComparison: () => void;
  readonly save: (name: SaveName) => void;
}

/** What the map shows, and what is compared with. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #measure = el('select', { id: 'measure' });
  readonly #set = el('select', { id: 'set' });
  readonly #setPart = el('span', { class: 'field' }, el('label', { for: 'set' }, 'of'), this.#set);
  readonly #compare: HTMLElement;
  readonly #compared = el('span', { class: 'compared-name' });
  readonly #end: HTMLElement;
  readonly #comparedPart: HTMLElement;
  #options = '';

  constructor(actions: ToolbarActions) {
    this.#measure.addEventListener('change', () => {
      const { value } = this.#measure;
      if (isMeasure(value)) actions.measure(value);
    });
    this.#set.addEventListener('change', () => actions.set(this.#set.value));
    this.#compare = button({
      label: 'Compare with model…',
      title: 'Show the spectra of another model beside these',
      onClick: actions.compare,
    });
    this.#end = button({
      label: 'Remove',
      kind: 'icon',
      icon: icon('close'),
      onClick: actions.endComparison,
    });
    this.#comparedPart = el(
      'span',
      { class: 'field' },
      el('span', { class: 'muted' }, 'compared with'),
      this.#compared,
      this.#end,
    );
    this.element = el(
      'div',
      { class: 'toolbar', role: 'group', 'aria-label': 'Map' },
      el('span', { class: 'field' }, el('label', { for: 'measure' }, 'Show'), this.#measure),
      this.#setPart,
      this.#comparedPart,
      this.#compare,
      el('span', { class: 'end' }, saveMenu(SAVES, actions.save).element),
    );
  }

  update(state: State): void {
    const { view } = state;
    const shown = mapSet(state);
    const measure = mapMeasure(state);
    const there = measuresOf(shown, state.spectra.values());
    const measures = there.includes(measure) ? there : [...there, measure];
    const text = JSON.stringify([measures, view.sets]);
    if (text !== this.#options) {
      this.#options = text;
      this.#measure.replaceChildren(
        ...measures.map((name) => el('option', { value: name }, MEASURES[name].title)),
      );
      this.#set.replaceChildren(...view.sets.map(({ key, name }) => el('option', { value: key }, name)));
    }
    setShown(this.#setPart, view.sets.length > 1);
    if (this.#measure.value !== measure) this.#measure.value = measure;
    const set = shown?.key ?? '';
    if (this.#set.value !== set) this.#set.value = set;
    this.#measure.title = MEASURES[measure].help;
    const { compared } = view;
    setShown(this.#comparedPart, compared !== undefined);
    setShown(this.#compare, compared === undefined);
    if (compared === undefined) return;
    setText(this.#compared, compared.name);
    this.#compared.title = compared.path;
    const label = `Compare with ${compared.name} no longer`;
    this.#end.setAttribute('aria-label', label);
    this.#end.title = label;
  }
}

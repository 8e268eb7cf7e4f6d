import type { SpectraMeasure } from '../../src/protocol/panels/spectra';
import { button } from '../kit/controls';
import { el, setShown } from '../kit/dom';
import { Menu } from '../kit/menu';
import { MEASURE_NAMES, MEASURES, measuresThere } from './measures';
import { mapSet, type State } from './state';

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
  readonly save: (name: SaveName) => void;
}

/** What the map shows. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #measure = el('select', { id: 'measure' });
  readonly #set = el('select', { id: 'set' });
  readonly #setPart = el('span', { class: 'field' }, el('label', { for: 'set' }, 'of'), this.#set);
  #options = '';

  constructor(actions: ToolbarActions) {
    this.#measure.addEventListener('change', () => {
      const measure = MEASURE_NAMES.find((name) => name === this.#measure.value);
      if (measure !== undefined) actions.measure(measure);
    });
    this.#set.addEventListener('change', () => actions.set(this.#set.value));
    const save = new Menu('Save as');
    for (const name of ['svg', 'png', 'measures', 'values'] as const) {
      save.content.append(
        button({
          label: SAVES[name],
          onClick: () => {
            save.close();
            actions.save(name);
          },
        }),
      );
    }
    this.element = el(
      'div',
      { class: 'toolbar', role: 'group', 'aria-label': 'Map' },
      el('span', { class: 'field' }, el('label', { for: 'measure' }, 'Show'), this.#measure),
      this.#setPart,
      el('span', { class: 'end' }, save.element),
    );
  }

  update(state: State): void {
    const { view, look } = state;
    const there = measuresThere(state.spectra.values());
    const measures = there.includes(look.measure) ? there : [...there, look.measure];
    const text = JSON.stringify([measures, view.sets]);
    if (text !== this.#options) {
      this.#options = text;
      this.#measure.replaceChildren(
        ...measures.map((name) => el('option', { value: name }, MEASURES[name].title)),
      );
      this.#set.replaceChildren(...view.sets.map(({ key, name }) => el('option', { value: key }, name)));
    }
    setShown(this.#setPart, view.sets.length > 1);
    if (this.#measure.value !== look.measure) this.#measure.value = look.measure;
    const set = mapSet(state)?.key ?? '';
    if (this.#set.value !== set) this.#set.value = set;
    this.#measure.title = MEASURES[look.measure].help;
  }
}

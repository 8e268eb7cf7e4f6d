import { button, checkbox, setEnabled, type ValueControl } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { saveMenu } from '../kit/menu';
import { changesText, rivalOf, type State, UNIFORM } from './state';

/** What can be saved, and as what. */
const SAVES = { svg: 'Picture (SVG)', png: 'Picture (PNG)', csv: 'Ranks of all modules (CSV)' } as const;
export type SaveName = keyof typeof SAVES;

export interface BarActions {
  readonly compare: (key: string | null) => void;
  readonly beside: (beside: boolean) => void;
  readonly apply: () => void;
  readonly save: (name: SaveName) => void;
  readonly revert: () => void;
}

/** What the plan is compared with, and the way into the experiment. */
export class ApplyBar {
  readonly element: HTMLElement;
  readonly #compare = el('select', { id: 'compare' });
  readonly #beside: ValueControl<boolean>;
  readonly #changes = el('span', { class: 'muted', role: 'status' });
  readonly #apply: HTMLElement;
  readonly #revert: HTMLElement;
  #options = '';

  constructor(actions: BarActions) {
    this.#compare.addEventListener('change', () => {
      actions.compare(this.#compare.value === '' ? null : this.#compare.value);
    });
    this.#beside = checkbox('Side by side', false, actions.beside);
    this.#apply = button({
      label: 'Apply',
      kind: 'primary',
      title: 'Write this plan into the experiment; it can be undone there',
      onClick: actions.apply,
    });
    this.#revert = button({
      label: 'Revert',
      title: 'Back to what the experiment says',
      onClick: actions.revert,
    });
    this.element = el(
      'div',
      { class: 'toolbar bar', role: 'group', 'aria-label': 'Compare and apply' },
      el('span', { class: 'field' }, el('label', { for: 'compare' }, 'Compare with'), this.#compare),
      this.#beside.element,
      el(
        'span',
        { class: 'end field' },
        this.#changes,
        this.#revert,
        this.#apply,
        saveMenu(SAVES, actions.save).element,
      ),
    );
  }

  update(state: State): void {
    const { view, request, plan, problem } = state;
    const options = [
      ['', 'Nothing'],
      [UNIFORM, 'Uniform'],
      ...view.others.map(({ key, name }) => [key, name] as const),
    ] as const;
    const text = JSON.stringify(options);
    if (text !== this.#options) {
      this.#options = text;
      this.#compare.replaceChildren(...options.map(([value, name]) => el('option', { value }, name)));
    }
    const rival = rivalOf(state);
    this.#compare.value = rival === undefined ? '' : (state.compare ?? '');
    setShown(this.#beside.element, rival !== undefined);
    this.#beside.value = state.beside;
    setText(this.#changes, view.fixed ?? changesText(state));
    setShown(this.#revert, request !== null);
    setShown(this.#apply, !view.readOnly);
    setEnabled(
      this.#apply,
      request !== null && view.fixed === undefined && plan !== undefined && problem === undefined,
    );
  }
}

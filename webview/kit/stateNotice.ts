import { button, progressRing } from './controls';
import { el, setShown, setText } from './dom';
import type { NoticeAction, StateText } from './stateText';

/** Says how far a panel is, with the one button that leads on. */
export class StateNotice {
  readonly element = el('div', { class: 'notice', hidden: true });
  readonly #ring = progressRing('At work');
  readonly #text = el('span');
  readonly #place = el('a', { href: '#' });
  readonly #progress = el('progress', { max: 1, 'aria-label': 'Progress' });
  readonly #button: HTMLElement;
  #action: NoticeAction | undefined;

  constructor(act: (action: NoticeAction | 'openProblem') => void) {
    this.#button = button({
      label: '–',
      onClick: () => {
        if (this.#action !== undefined) act(this.#action);
      },
    });
    this.#place.addEventListener('click', (event) => {
      event.preventDefault();
      act('openProblem');
    });
    const words = el('p', { class: 'notice-text' }, this.#text, ' ', this.#place);
    this.element.append(this.#ring, words, this.#progress, this.#button);
  }

  update(state: StateText | undefined): void {
    setShown(this.element, state !== undefined);
    if (state === undefined) return;
    const { tone, text, place, progress, action } = state;
    // A number that runs would be read out all the time; what went wrong is said at once.
    this.element.setAttribute('role', tone === 'error' ? 'alert' : 'status');
    this.element.setAttribute('aria-live', tone === 'error' ? 'assertive' : 'off');
    this.element.dataset['tone'] = tone;
    setShown(this.#ring, tone === 'busy');
    setText(this.#text, text);
    setText(this.#place, place ?? '');
    setShown(this.#place, place !== undefined);
    setShown(this.#progress, progress !== undefined);
    this.#progress.value = progress ?? 0;
    this.#action = action?.name;
    setShown(this.#button, action !== undefined);
    if (action !== undefined) setText(this.#button, action.label);
  }
}

import type { ViewHead } from '../../src/protocol/panels/subject';
import { el, setText } from './dom';
import { StateNotice } from './stateNotice';
import type { NoticeAction, StateText } from './stateText';

/** What a panel is about, and how far it is. */
export class SubjectHead {
  /** In the order in which they stand on the page. */
  readonly elements: readonly [HTMLElement, HTMLElement];
  readonly #name = el('strong');
  readonly #model = el('span', { class: 'muted' });
  readonly #notice: StateNotice;

  constructor(act: (action: NoticeAction | 'openProblem') => void) {
    this.#notice = new StateNotice(act);
    this.elements = [el('header', { class: 'subject' }, this.#name, this.#model), this.#notice.element];
  }

  update({ name, model }: ViewHead, state: StateText | undefined): void {
    setText(this.#name, name);
    setText(this.#model, model ?? '');
    this.#notice.update(state);
  }
}

import { el, setShown, setText } from '../kit/dom';
import type { State } from './state';
import { totalTexts } from './totalTexts';

/** What the plan comes to. */
export class Totals {
  readonly element = el('dl', { class: 'totals' });
  #shown = '';

  update(state: State): void {
    const texts = totalTexts(state);
    setShown(this.element, texts.length > 0);
    const text = JSON.stringify(texts);
    if (text === this.#shown) return;
    this.#shown = text;
    const cells = this.element.children;
    if (cells.length !== texts.length) {
      this.element.replaceChildren(...texts.map(() => el('div', {}, el('dt'), el('dd'), el('dd'))));
    }
    for (const [index, { name, value, against }] of texts.entries()) {
      const [head, main, rest] = cells[index]?.children ?? [];
      if (head === undefined || main === undefined || rest === undefined) continue;
      setText(head, name);
      setText(main, value);
      rest.replaceChildren(...against.map((other) => el('span', {}, other)));
    }
  }
}

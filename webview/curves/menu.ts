import { el } from '../kit/dom';

/** A part that is folded out below its name, and away by Escape, or when something else is chosen. */
export class Menu {
  readonly content = el('div', { class: 'menu-content' });
  readonly element: HTMLDetailsElement;

  constructor(name: string) {
    const summary = el('summary', {}, name);
    this.element = el('details', { class: 'menu' }, summary, this.content);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.element.open) return;
      event.stopPropagation();
      this.close();
      summary.focus();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !this.element.contains(target)) this.close();
    });
  }

  close(): void {
    this.element.open = false;
  }
}

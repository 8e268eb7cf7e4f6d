import { button } from './controls';
import { el, setText } from './dom';

/** A part that is folded out below its name, and away by Escape, or when the pointer or the focus goes elsewhere. */
export class Menu {
  readonly content = el('div', { class: 'menu-content' });
  readonly element: HTMLDetailsElement;
  readonly #summary: HTMLElement;

  constructor(private readonly name: string) {
    const summary = el('summary', {}, name);
    this.#summary = summary;
    this.element = el('details', { class: 'menu' }, summary, this.content);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.element.open) return;
      event.stopPropagation();
      this.close();
      summary.focus();
    });
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget)) this.close();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !this.element.contains(target)) this.close();
    });
  }

  /** Says how many of its choices are on, where any is: folded in, they cannot be seen. */
  set chosen(count: number) {
    setText(this.#summary, count === 0 ? this.name : `${this.name} (${count})`);
  }

  close(): void {
    this.element.open = false;
  }
}

/** A menu of what can be saved, and as what. */
export function saveMenu<K extends string>(
  saves: Readonly<Record<K, string>>,
  save: (name: K) => void,
): Menu {
  const menu = new Menu('Save as');
  // The keys of a record of literals are its names.
  for (const name of Object.keys(saves) as K[]) {
    menu.content.append(
      button({
        label: saves[name],
        onClick: () => {
          menu.close();
          save(name);
        },
      }),
    );
  }
  return menu;
}

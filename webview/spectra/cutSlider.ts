import type { LineChart } from '../kit/chart';
import { el, setShown, setText } from '../kit/dom';
import { steppedRank } from './steps';

/** How long (ms) the keys rest before their last value is taken: one edit, not one for each press. */
const REST = 500;

/** From which width (px) of the axes' area on there is room for a sentence. */
const ROOMY = 420;

export interface CutActions {
  /** The rank is tried out. */
  readonly onTry: (rank: number) => void;
  /** The rank is meant: the mouse has let go, or the keys rest. */
  readonly onSet: (rank: number) => void;
  /** The user changed their mind. */
  readonly onRevert: () => void;
}

export interface CutLook {
  readonly rank: number;
  readonly most: number;
  /** Which module's rank it is, for those who hear it. */
  readonly label: string;
  /** E.g. `r 32 keeps 61 % of the energy`. */
  readonly text: string;
  /** The same where there is little room: `r 32: 61 %`. */
  readonly short: string;
  /** Whether letting go writes the rank into the experiment. */
  readonly writes: boolean;
}

/** The cut at the rank: an upright line over a chart, dragged with the mouse or moved with the arrow keys. */
export class CutSlider {
  readonly element: HTMLElement;
  readonly #flag = el('div', { class: 'cut-flag' });
  #look: CutLook | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** It was moved, and its rank has not been taken yet. */
  #moving = false;

  constructor(
    private readonly chart: () => LineChart,
    private readonly actions: CutActions,
  ) {
    this.element = el(
      'div',
      { class: 'cut', role: 'slider', tabindex: 0, 'aria-orientation': 'horizontal' },
      el('div', { class: 'cut-line' }),
      this.#flag,
    );
    this.element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      // Else the chart below would take it for the beginning of a zoom.
      event.stopPropagation();
      event.preventDefault();
      this.element.focus();
      this.element.setPointerCapture(event.pointerId);
      this.#moving = true;
    });
    this.element.addEventListener('pointermove', (event) => {
      if (!this.element.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      this.draggedTo(event.clientX);
    });
    this.element.addEventListener('pointerup', (event) => {
      if (!this.element.hasPointerCapture(event.pointerId)) return;
      this.element.releasePointerCapture(event.pointerId);
      this.settle();
    });
    // The chart's own mouse handling must not see a drag that began here.
    for (const name of ['mousedown', 'mousemove', 'touchstart', 'dblclick']) {
      this.element.addEventListener(name, (event) => event.stopPropagation());
    }
    this.element.addEventListener('keydown', (event) => {
      if (!this.pressed(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.element.addEventListener('blur', () => this.settle());
  }

  update(look: CutLook | undefined): void {
    this.#look = look;
    if (look !== undefined) {
      const { rank, most, label, text, writes } = look;
      const attributes = { valuemin: 1, valuemax: most, valuenow: rank, valuetext: text, label } as const;
      for (const [name, value] of Object.entries(attributes)) {
        this.element.setAttribute(`aria-${name}`, String(value));
      }
      this.element.title = writes
        ? 'Drag, or use the arrow keys: letting go writes the rank into the experiment'
        : 'Drag, or use the arrow keys';
    }
    this.place();
  }

  /** Puts it where the chart has its rank; the chart may have got another size. */
  place(): void {
    const look = this.#look;
    const at = look === undefined ? undefined : this.chart().place(look.rank, NaN);
    setShown(this.element, look !== undefined && at !== undefined);
    if (look === undefined || at === undefined) return;
    const { top, bottom, left, right } = this.chart().area;
    setText(this.#flag, right - left < ROOMY ? look.short : look.text);
    Object.assign(this.element.style, { left: `${at.left}px`, top: `${top}px`, height: `${bottom - top}px` });
    this.element.classList.toggle('flag-left', at.left > (left + right) / 2);
  }

  private draggedTo(clientX: number): void {
    const look = this.#look;
    const corner = this.element.parentElement?.getBoundingClientRect();
    if (look === undefined || corner === undefined) return;
    const { left, right } = this.chart().area;
    const value = this.chart().valueAt(Math.min(right, Math.max(left, clientX - corner.left)));
    if (value === undefined) return;
    const rank = Math.min(look.most, Math.max(1, Math.round(value)));
    if (rank !== look.rank) this.tryOut(look, rank);
  }

  /** Whether a key meant something here. */
  private pressed({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    const look = this.#look;
    if (look === undefined || ctrlKey || altKey || metaKey) return false;
    if (key === 'Escape') {
      clearTimeout(this.#timer);
      this.#moving = false;
      this.actions.onRevert();
      return true;
    }
    if (key === 'Enter') {
      this.settle();
      return true;
    }
    const rank = steppedRank(key, look.rank, look.most);
    if (rank === undefined) return false;
    this.#moving = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.settle(), REST);
    if (rank !== look.rank) this.tryOut(look, rank);
    return true;
  }

  private tryOut(look: CutLook, rank: number): void {
    // At once: the next key may come before the page is drawn.
    this.#look = { ...look, rank };
    this.actions.onTry(rank);
  }

  private settle(): void {
    clearTimeout(this.#timer);
    if (!this.#moving) return;
    this.#moving = false;
    if (this.#look !== undefined) this.actions.onSet(this.#look.rank);
  }
}

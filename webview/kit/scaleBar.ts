import { el } from './dom';
import { type ColourScale, scaleStops } from './scale';

/** The colours of a scale from its beginning to its end. */
export class ScaleBar {
  readonly element = el('span', { class: 'scale-bar', 'aria-hidden': 'true' });
  #gradient = '';

  /** Shows a scale from `from` to 1. */
  update(scale: ColourScale, from: number): void {
    const gradient = `linear-gradient(to right, ${scaleStops(scale, from).join(', ')})`;
    if (gradient === this.#gradient) return;
    this.#gradient = gradient;
    this.element.style.background = gradient;
  }
}

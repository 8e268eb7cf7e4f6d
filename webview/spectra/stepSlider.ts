import type { Timeline } from '../../src/protocol/panels/spectra';
import { el, setText } from '../kit/dom';
import { type LossStrip, lossStrip } from './lossStrip';
import { lossTexts, steppedTo } from './timeline';

const SVG = 'http://www.w3.org/2000/svg';
/** Height (px) of the strip. */
const HEIGHT = 84;

export interface StepActions {
  readonly step: (step: number) => void;
  /** Space: begins or ends playing. */
  readonly toggle: () => void;
}

/** The step of training: a mark that is moved along the run's losses with the mouse or the keys. */
export class StepSlider {
  readonly element = el('div', { class: 'strip' });
  readonly #thumb = el(
    'div',
    { class: 'step-mark', role: 'slider', tabindex: 0, 'aria-label': 'Step of training' },
    el('div', { class: 'step-line' }),
  );
  readonly #high = el('span', { class: 'strip-high muted' });
  readonly #low = el('span', { class: 'strip-low muted' });
  readonly #picture = document.createElementNS(SVG, 'svg');
  #timeline: Timeline | undefined;
  #step = 0;
  #strip: LossStrip | undefined;
  #width = 0;

  constructor(private readonly actions: StepActions) {
    this.#picture.setAttribute('aria-hidden', 'true');
    this.element.append(this.#picture, this.#high, this.#low, this.#thumb);
    this.element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.element.setPointerCapture(event.pointerId);
      this.#thumb.focus({ preventScroll: true });
      this.pointed(event);
    });
    this.element.addEventListener('pointermove', (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.pointed(event);
    });
    this.#thumb.addEventListener('keydown', (event) => {
      if (this.pressed(event)) event.preventDefault();
    });
    new ResizeObserver(() => {
      if (this.element.clientWidth !== this.#width) this.redraw();
    }).observe(this.element);
  }

  /** `step` is the one that is shown. */
  update(timeline: Timeline, step: number): void {
    const other = timeline !== this.#timeline;
    this.#timeline = timeline;
    this.#step = step;
    const { steps } = timeline;
    const last = steps.at(-1) ?? 0;
    const attributes = {
      valuemin: steps[0] ?? 0,
      valuemax: last,
      valuenow: step,
      valuetext: [`step ${step} of ${last}`, ...lossTexts(timeline, step)].join(', '),
    };
    for (const [name, value] of Object.entries(attributes)) {
      this.#thumb.setAttribute(`aria-${name}`, String(value));
    }
    if (other) this.redraw();
    this.place();
  }

  private redraw(): void {
    const timeline = this.#timeline;
    this.#width = this.element.clientWidth;
    if (timeline === undefined || this.#width === 0) return;
    const strip = lossStrip(timeline, { width: this.#width, height: HEIGHT });
    this.#strip = strip;
    this.#picture.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    this.#picture.replaceChildren(
      shape('path', { class: 'strip-train', d: strip.train }),
      shape('path', { class: 'strip-eval', d: strip.eval }),
      ...strip.points.map(({ left, top }) =>
        shape('circle', { class: 'strip-point', cx: left, cy: top, r: 2.5 }),
      ),
      shape('path', {
        class: 'strip-ticks',
        d: strip.ticks.map((left) => `M${left} ${HEIGHT}V${HEIGHT - 5}`).join(''),
      }),
    );
    setText(this.#high, strip.high);
    setText(this.#low, strip.low);
    this.place();
  }

  private place(): void {
    if (this.#strip !== undefined) this.#thumb.style.left = `${this.#strip.place(this.#step)}px`;
  }

  private pointed({ clientX }: PointerEvent): void {
    const { left } = this.element.getBoundingClientRect();
    const step = this.#strip?.stepAt(clientX - left);
    if (step !== undefined && step !== this.#step) this.moveTo(step);
  }

  /** Whether a key meant something here. */
  private pressed({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    if (this.#timeline === undefined || ctrlKey || altKey || metaKey) return false;
    if (key === ' ') {
      this.actions.toggle();
      return true;
    }
    const step = steppedTo(this.#timeline, this.#step, key);
    if (step === undefined) return false;
    if (step !== this.#step) this.moveTo(step);
    return true;
  }

  private moveTo(step: number): void {
    // At once: the next key may come before the page is drawn.
    this.#step = step;
    this.actions.step(step);
  }
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

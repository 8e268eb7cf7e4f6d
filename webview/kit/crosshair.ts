import type { Figure } from './figure';
import type { LineChart } from './chart';
import { el, setShown, setText } from './dom';
import { formatValue } from './format';
import { swatch } from './swatch';
import { readingsAt, type Reading } from './readings';

/** The most runs whose values are listed at the crosshair. */
const MOST = 12;

/** A line over a chart at a place of the x axis, with the values of all runs there. */
export class Crosshair {
  readonly element = el('div', { class: 'crosshair', hidden: true, 'aria-hidden': 'true' });
  readonly #line = el('div', { class: 'crosshair-line' });
  readonly #dots = el('div');
  readonly #box = el('div', { class: 'readout' });

  constructor(private readonly chart: LineChart) {
    this.element.append(this.#line, this.#dots, this.#box);
  }

  /** Shows the values at a place; undefined hides it. */
  show(figure: Figure, x: number | undefined, emphasis: string | undefined): Reading[] {
    const readings = x === undefined ? [] : readingsAt(figure, x);
    const [first] = readings;
    const at = x === undefined ? undefined : this.chart.place(x, figure.y.min);
    setShown(this.element, at !== undefined && first !== undefined);
    if (at === undefined || first === undefined || x === undefined) return readings;
    const { top, bottom, left, right } = this.chart.area;
    // Through the CSSOM: a style attribute would break the policy of the page.
    Object.assign(this.#line.style, {
      left: `${at.left}px`,
      top: `${top}px`,
      height: `${bottom - top}px`,
    });
    this.#dots.replaceChildren(...readings.flatMap((reading) => this.dot(reading)));
    this.fill(figure, x, readings, emphasis);
    const side = at.left > (left + right) / 2;
    Object.assign(this.#box.style, {
      top: `${top}px`,
      left: side ? '' : `${at.left + 10}px`,
      right: side ? `calc(100% - ${at.left - 10}px)` : '',
    });
    return readings;
  }

  private dot({ x, y, axis, colour }: Reading): HTMLElement[] {
    const place = this.chart.place(x, y, axis);
    if (place === undefined) return [];
    const dot = el('div', { class: 'crosshair-dot' });
    Object.assign(dot.style, { left: `${place.left}px`, top: `${place.top}px`, background: colour });
    return [dot];
  }

  private fill(figure: Figure, x: number, readings: readonly Reading[], emphasis: string | undefined): void {
    const head = el('div', { class: 'readout-head' });
    setText(head, `${figure.x.title} ${formatValue(nearest(readings, x))}`);
    const rows = readings
      .slice(0, MOST)
      .map(({ owner, label, colour, text }) =>
        el(
          'div',
          { class: owner === emphasis ? 'reading emphasis' : 'reading' },
          swatch({ colour, dash: [], point: 'circle' }, false),
          el('span', { class: 'reading-label' }, label),
          el('span', { class: 'reading-value' }, text),
        ),
      );
    const more = readings.length - MOST;
    this.#box.replaceChildren(head, ...rows, ...(more > 0 ? [el('div', {}, `and ${more} more`)] : []));
  }
}

/** The values at the crosshair in a sentence. */
export function spokenReadings(figure: Figure, readings: readonly Reading[]): string {
  const [first] = readings;
  if (first === undefined) return 'No values here';
  const said = readings.map(({ label, text }) => `${label} ${text}`);
  return `${figure.x.title} ${formatValue(first.x)}: ${said.join(', ')}`;
}

/** The place of the value nearest to the pointer: between two steps there is none. */
function nearest(readings: readonly Reading[], x: number): number {
  return readings.reduce(
    (best, reading) => (Math.abs(reading.x - x) < Math.abs(best - x) ? reading.x : best),
    readings[0]?.x ?? x,
  );
}

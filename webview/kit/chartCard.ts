import type { Disposable } from '../../src/base/disposable';
import { LineChart } from './chart';
import { el, setText } from './dom';
import { nearestIndex, type Figure } from './figure';
import type { Theme } from './themeColours';
import { Crosshair, spokenReadings } from './crosshair';

/** What a chart tells of. */
export interface ChartActions {
  /** The user zoomed or moved to a part of the x axis. */
  readonly setRange: (range: readonly [number, number]) => void;
  /** Zooms by a factor and moves by a share of what is seen. */
  readonly moveRange: (change: { zoom?: number; move?: number }) => void;
  readonly resetRange: () => void;
  /** The pointer is at a place of the x axis, perhaps on a run's line. */
  readonly point: (x: number | undefined, owner: string | undefined) => void;
  /** It was drawn, perhaps in another size. */
  readonly drawn?: () => void;
}

/** How near (in pixels) the pointer must be to a line to mean it. */
const NEAR = 14;
/** Crosshair moves of the keyboard from one end to the other, where there are many points. */
const MOVES = 100;

const HINT =
  'Keys: plus and minus zoom, 0 shows all, left and right move, with Shift they read the values. ' +
  'Mouse: drag to zoom, Shift and drag to move, turn the wheel to zoom once the chart has the focus, double-click to show all.';

/** One chart: its title, its canvas, and the crosshair over it. */
export class ChartCard implements Disposable {
  readonly element: HTMLElement;
  readonly #canvas = el('canvas', { role: 'img' });
  readonly #title = el('span');
  readonly #unit = el('span', { class: 'muted' });
  readonly #spoken = el('div', { class: 'spoken', 'aria-live': 'polite' });
  /** Where the chart stands, and what lies over it. */
  readonly plot: HTMLElement;
  readonly chart: LineChart;
  readonly #crosshair: Crosshair;
  #figure: Figure | undefined;
  #crosshairAt: number | undefined;

  constructor(
    key: string,
    private readonly actions: ChartActions,
  ) {
    const canvas = this.#canvas;
    this.plot = el('div', { class: 'plot', tabindex: 0, role: 'group', title: '' }, canvas);
    this.element = el(
      'section',
      { class: 'card', 'data-chart': key },
      el('h2', {}, this.#title, ' ', this.#unit),
      this.plot,
      this.#spoken,
    );
    this.plot.removeAttribute('title');
    this.chart = new LineChart(canvas, {
      onRange: (range) => {
        actions.setRange(range);
      },
      ...(actions.drawn === undefined ? {} : { onDrawn: actions.drawn }),
      wheelZooms: (event) => event.ctrlKey || this.plot.contains(document.activeElement),
    });
    this.#crosshair = new Crosshair(this.chart);
    this.plot.append(this.#crosshair.element);
    this.plot.addEventListener('pointermove', (event) => {
      this.pointed(event);
    });
    this.plot.addEventListener('pointerleave', () => {
      actions.point(undefined, undefined);
    });
    this.plot.addEventListener('dblclick', () => {
      actions.resetRange();
    });
    this.plot.addEventListener('keydown', (event) => {
      if (this.pressed(event)) event.preventDefault();
    });
    this.plot.addEventListener('blur', () => {
      actions.point(undefined, undefined);
    });
  }

  update(figure: Figure, theme: Theme, emphasis: string | undefined): void {
    this.#figure = figure;
    setText(this.#title, figure.title);
    setText(this.#unit, figure.unit);
    this.plot.setAttribute('aria-label', `${figure.title}. ${HINT}`);
    this.element.classList.toggle('large', figure.large);
    this.chart.update(figure, theme, emphasis);
    this.showCrosshair(this.#crosshairAt, emphasis);
  }

  /** Says in other words what the chart shows. */
  describe(text: string): void {
    this.#canvas.setAttribute('aria-label', text);
  }

  /** Shows the values of all lines at a place, as all charts do together. */
  showCrosshair(x: number | undefined, emphasis: string | undefined): void {
    this.#crosshairAt = x;
    if (this.#figure !== undefined) this.#crosshair.show(this.#figure, x, emphasis);
  }

  dispose(): void {
    this.chart.dispose();
  }

  private pointed(event: PointerEvent): void {
    const corner = this.plot.getBoundingClientRect();
    const left = event.clientX - corner.left;
    const x = this.chart.valueAt(left);
    this.actions.point(x, x === undefined ? undefined : this.ownerAt(x, event.clientY - corner.top));
  }

  /** The run whose line is nearest to a height, if it is near. */
  private ownerAt(x: number, top: number): string | undefined {
    let best: string | undefined;
    let distance = NEAR;
    for (const { owner, xs, ys } of this.#figure?.lines ?? []) {
      const index = nearestIndex(xs, x);
      const place = this.chart.place(xs[index] ?? NaN, ys[index] ?? NaN);
      if (place === undefined || Math.abs(place.top - top) >= distance) continue;
      distance = Math.abs(place.top - top);
      best = owner;
    }
    return best;
  }

  /** Whether a key meant something here. */
  private pressed({ key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    if (ctrlKey || altKey || metaKey) return false;
    const { actions } = this;
    if (key === '+' || key === '=') actions.moveRange({ zoom: 0.7 });
    else if (key === '-' || key === '_') actions.moveRange({ zoom: 1 / 0.7 });
    else if (key === '0') actions.resetRange();
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const side = key === 'ArrowLeft' ? -1 : 1;
      if (shiftKey) this.stepCrosshair(side);
      else actions.moveRange({ move: 0.2 * side });
    } else if (key === 'Escape') actions.point(undefined, undefined);
    else return false;
    return true;
  }

  private stepCrosshair(side: number): void {
    const figure = this.#figure;
    if (figure === undefined) return;
    const { min, max } = figure.x;
    const xs = figure.lines
      .map((line) => line.xs.filter((x) => x >= min && x <= max))
      .find(({ length }) => length > 0);
    if (xs === undefined) return;
    const stride = Math.max(1, Math.round(xs.length / MOVES));
    const from =
      this.#crosshairAt === undefined || this.#crosshairAt < min || this.#crosshairAt > max
        ? side > 0
          ? -stride
          : xs.length - 1 + stride
        : nearestIndex(xs, this.#crosshairAt);
    // On a logarithmic axis by a tenth of the place, so that the beginning is not stepped over.
    const far = figure.x.log ? Math.max(1, Math.round(0.1 * Math.max(from, 0))) : stride;
    const to = from < 0 ? 0 : from + side * far;
    const x = xs[Math.min(xs.length - 1, Math.max(0, to))];
    this.actions.point(x, undefined);
    setText(this.#spoken, spokenReadings(figure, this.#crosshair.show(figure, x, undefined)));
  }
}

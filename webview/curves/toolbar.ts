import type { XAxis } from '../../src/protocol/panels/curves';
import { metricStyle } from '../../src/protocol/panels/metrics';
import { button, checkbox, setEnabled, slider, type ValueControl } from '../kit/controls';
import { el, keepChildren, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { AXES } from './figures';
import { Menu, saveMenu } from '../kit/menu';
import { isChartShown, metricsOf, type State, type View } from './state';

export interface ToolbarActions {
  readonly view: (change: Partial<View>) => void;
  readonly pin: (pinned: boolean) => void;
  readonly moveRange: (change: { zoom?: number; move?: number }) => void;
  readonly resetRange: () => void;
  readonly save: (form: 'svg' | 'png' | 'csv') => void;
}

/** What can be ticked of the axes. */
const CHECKS = ['logX', 'logY', 'clip'] as const;

/** How the charts are looked at. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #x = el('select', { 'aria-label': 'Horizontal axis' });
  readonly #smoothing: ValueControl<number>;
  readonly #smoothed = el('output', { for: 'smoothing' });
  readonly #axes = new Menu('Axes');
  readonly #checks: Readonly<Record<(typeof CHECKS)[number], ValueControl<boolean>>>;
  readonly #pin: ValueControl<boolean>;
  readonly #charts = new Menu('Charts');
  readonly #chartBoxes = new Map<string, ValueControl<boolean>>();
  readonly #reset: HTMLElement;
  readonly #out: HTMLElement;
  readonly #save: Menu;

  constructor(private readonly actions: ToolbarActions) {
    this.#x.append(...Object.entries(AXES).map(([value, text]) => el('option', { value }, text)));
    this.#x.addEventListener('change', () => {
      actions.view({ x: axisOf(this.#x.value), range: null });
    });
    this.#smoothing = slider({ id: 'smoothing', min: 0, max: 0.99, step: 0.01 }, (smoothing) => {
      actions.view({ smoothing });
    });
    this.#checks = {
      logX: checkbox('Log x', false, (logX) => {
        actions.view({ logX });
      }),
      logY: checkbox('Log y', false, (logY) => {
        actions.view({ logY });
      }),
      clip: checkbox(
        'Ignore outliers',
        false,
        (clip) => {
          actions.view({ clip });
        },
        'Leave the lowest and the highest 1 % of the values out of the vertical axes',
      ),
    };
    this.#axes.content.append(...CHECKS.map((name) => this.#checks[name].element));
    this.#pin = checkbox('Pin', false, actions.pin, 'Stay with these runs when another experiment is opened');
    const zoom = (label: string, name: 'plus' | 'minus' | 'reset', onClick: () => void): HTMLElement =>
      button({ label, kind: 'icon', icon: icon(name), onClick });
    this.#out = zoom('Zoom out', 'minus', () => {
      actions.moveRange({ zoom: 1 / 0.7 });
    });
    this.#reset = zoom('Show all', 'reset', actions.resetRange);
    this.#save = saveMenu({ svg: 'SVG', png: 'PNG', csv: 'CSV' }, actions.save);
    this.element = el(
      'div',
      { class: 'toolbar', role: 'group', 'aria-label': 'View' },
      el(
        'div',
        { class: 'toolbar-part' },
        this.#x,
        this.#axes.element,
        el(
          'span',
          { class: 'smoothing' },
          el('label', { for: 'smoothing' }, 'Smoothing'),
          this.#smoothing.element,
          this.#smoothed,
        ),
      ),
      el(
        'div',
        { class: 'toolbar-part' },
        el(
          'span',
          { class: 'zoom' },
          zoom('Zoom in', 'plus', () => {
            actions.moveRange({ zoom: 0.7 });
          }),
          this.#out,
          this.#reset,
        ),
        this.#charts.element,
        this.#save.element,
        this.#pin.element,
      ),
    );
  }

  update(state: State): void {
    const { view, list, frames } = state;
    if (this.#x.value !== view.x) this.#x.value = view.x;
    this.#smoothing.value = view.smoothing;
    setText(this.#smoothed, view.smoothing.toFixed(2));
    for (const name of CHECKS) this.#checks[name].value = view[name];
    this.#axes.chosen = CHECKS.filter((name) => view[name]).length;
    this.#pin.value = list.pinned;
    setEnabled(this.#reset, view.range !== null);
    setEnabled(this.#out, view.range !== null);
    const metrics = metricsOf(frames.values());
    keepChildren(this.#charts.content, this.#chartBoxes, metrics, (metric) =>
      checkbox(metricStyle(metric).title, true, (shown) => {
        this.actions.view({ charts: { ...this.charts, [metric]: shown } });
      }),
    );
    this.charts = view.charts;
    for (const [metric, box] of this.#chartBoxes) box.value = isChartShown(view, metric);
  }

  /** What was chosen when the boxes were last brought up to date. */
  private charts: View['charts'] = {};
}

function axisOf(value: string): XAxis {
  return value === 'tokens' || value === 'seconds' ? value : 'step';
}

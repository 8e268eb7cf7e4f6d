import {
  curvesHostApi,
  curvesPanelApi,
  decodeSavedCurves,
  type CurvesPatch,
} from '../../src/protocol/panels/curves';
import { el, keepChildren, setShown, setText } from '../kit/dom';
import { connectHost, saveState, savedState } from '../kit/host';
import { assignSlots, markOf, type Mark } from '../kit/palette';
import type { Figure } from '../kit/figure';
import { svgPicture } from '../kit/svg';
import { Page } from '../kit/page';
import { ChartCard, type ChartActions } from '../kit/chartCard';
import { emptyText } from './empty';
import { figuresOf } from './figures';
import { Header } from './header';
import { Legend } from './legend';
import { clampRange, movedRange } from '../kit/range';
import {
  applyPatch,
  changeView,
  extentOf,
  initialState,
  lookOf,
  savedOf,
  shownRuns,
  type State,
  type View,
} from './state';
import { CurvesTable } from './table';
import { Toolbar } from './toolbar';

/** How long (ms) the view rests before other points are asked for. */
const REST = 120;

/** The page: keeps the state, draws it, and speaks with the host. */
export class App extends Page {
  #state: State;
  #slots = new Map<string, number>();
  #marks: ReadonlyMap<string, Mark> = new Map();
  #figures: readonly Figure[] = [];
  #emphasis: string | undefined;
  #crosshair: number | undefined;
  #asking: ReturnType<typeof setTimeout> | undefined;
  readonly #cards = new Map<string, ChartCard>();
  readonly #grid = el('div', { class: 'grid' });
  readonly #empty = el('p', { class: 'empty' });
  readonly #header: Header;
  readonly #toolbar: Toolbar;
  readonly #legend: Legend;
  readonly #table: CurvesTable;
  readonly #host = connectHost(
    curvesPanelApi,
    {
      patch: (patch) => {
        this.apply(patch);
        return Promise.resolve();
      },
    },
    curvesHostApi,
  ).calls;

  constructor(root: HTMLElement) {
    super();
    this.#state = initialState(decodeSavedCurves(savedState()));
    const host = this.#host;
    this.#header = new Header({
      act: (action, folder) => {
        this.ask(host.act(action, folder));
      },
      select: (selected) => {
        this.set({ ...this.#state, selected });
      },
    });
    this.#toolbar = new Toolbar({
      view: (change) => {
        this.view(change);
      },
      pin: (pinned) => {
        this.ask(host.pin(pinned));
      },
      ...this.chartActions(),
      save: (form) => {
        this.ask(this.save(form));
      },
    });
    this.#legend = new Legend({
      show: (folder, shown) => {
        this.ask(host.show(folder, shown));
      },
      remove: (folder) => {
        this.ask(host.remove(folder));
      },
      add: () => {
        this.ask(host.add());
      },
      emphasise: (folder) => {
        this.emphasise(folder);
      },
    });
    this.#table = new CurvesTable(this.#state.view.table, (table) => {
      if (table !== this.#state.view.table) this.view({ table });
    });
    root.append(
      el('h1', { class: 'spoken' }, 'Curves'),
      this.problem,
      this.#header.element,
      this.#toolbar.element,
      this.#legend.element,
      this.#empty,
      this.#grid,
      this.#table.element,
    );
    setInterval(() => {
      this.#header.tick();
    }, 1000);
    this.draw();
    this.ask(
      host.ready(lookOf(this.#state)).then((patch) => {
        this.apply(patch);
      }),
    );
  }

  private apply(patch: CurvesPatch): void {
    this.set(applyPatch(this.#state, patch));
  }

  private view(change: Partial<View>): void {
    this.set(changeView(this.#state, change));
  }

  private set(state: State): void {
    const asked = this.#state.look;
    const range = this.#state.view.range;
    this.#state = state;
    saveState(savedOf(state));
    // A range that fell away with the experiment: the points of the whole are not there.
    if (state.look === asked && range !== null && state.view.range === null) {
      this.#state = { ...state, look: state.look + 1 };
    }
    if (this.#state.look !== asked) this.look();
    this.draw();
  }

  /** Asks for the points of the view, once it rests. */
  private look(): void {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => {
      this.ask(
        this.#host.look(lookOf(this.#state)).then((patch) => {
          this.apply(patch);
        }),
      );
    }, REST);
  }

  protected override drawNow(): void {
    const state = this.#state;
    this.recolour();
    this.#figures = figuresOf(state, this.#marks);
    this.#header.update(state);
    this.#toolbar.update(state);
    this.#legend.update(state, this.#marks);
    this.#table.update(state);
    const empty = emptyText(state);
    setText(this.#empty, empty);
    setShown(this.#empty, empty !== '');
    setShown(this.#toolbar.element, state.order.length > 0);
    for (const [key, card] of this.#cards) if (!this.#figures.some((one) => one.key === key)) card.dispose();
    keepChildren(
      this.#grid,
      this.#cards,
      this.#figures.map(({ key }) => key),
      (key) => new ChartCard(key, this.chartActions()),
    );
    this.drawCharts();
  }

  private drawCharts(): void {
    for (const figure of this.#figures) {
      this.#cards.get(figure.key)?.update(figure, this.theme, this.#emphasis);
    }
  }

  private recolour(): void {
    const shown = shownRuns(this.#state).map(({ folder }) => folder);
    const { series, background } = this.theme;
    this.#slots = assignSlots(shown, this.#slots, series.length);
    this.#marks = new Map(
      [...this.#slots].map(([folder, slot]) => {
        const mark = markOf(slot, series, background);
        // A line that is alone need not be told from others.
        return [folder, shown.length === 1 ? { ...mark, dash: [] } : mark];
      }),
    );
  }

  private emphasise(owner: string | undefined): void {
    if (owner === this.#emphasis) return;
    this.#emphasis = owner;
    this.drawCharts();
  }

  private chartActions(): ChartActions {
    return {
      setRange: (range) => {
        const whole = extentOf(this.#state);
        if (whole !== undefined) this.view({ range: pair(clampRange(range, whole)) });
      },
      moveRange: (change) => {
        const whole = this.#figures[0]?.x;
        const extent = extentOf(this.#state);
        if (whole === undefined || extent === undefined) return;
        const { logX, range } = this.#state.view;
        // A logarithmic axis begins at the first positive place.
        const from: readonly [number, number] =
          logX && range === null ? [whole.min, extent[1]] : [extent[0], extent[1]];
        const safe: readonly [number, number] = logX ? [Math.max(from[0], Number.MIN_VALUE), from[1]] : from;
        this.view({ range: pair(movedRange(range, safe, { ...change, log: logX })) });
      },
      resetRange: () => {
        this.view({ range: null });
      },
      point: (x, owner) => {
        this.emphasise(owner);
        if (x === this.#crosshair) return;
        this.#crosshair = x;
        for (const card of this.#cards.values()) card.showCrosshair(x, owner);
      },
    };
  }

  private async save(form: 'svg' | 'png' | 'csv'): Promise<void> {
    const shown = shownRuns(this.#state);
    if (form === 'csv') {
      await this.#host.saveCsv(
        lookOf(this.#state),
        shown.map(({ folder, name }) => ({ folder, name })),
      );
      return;
    }
    const svg = svgPicture(this.#figures, {
      title: [...new Set(shown.map(({ experiment }) => experiment))].join(', '),
      theme: this.theme,
      legend: shown.flatMap(({ folder, name, method, status }) => {
        const mark = this.#marks.get(folder);
        return mark === undefined ? [] : [{ ...mark, label: `${name} (${method}, ${status})` }];
      }),
      columns: 2,
    });
    await this.savePicture(this.#host, form, svg);
  }
}

function pair(range: readonly [number, number] | null): [number, number] | null {
  return range === null ? null : [range[0], range[1]];
}

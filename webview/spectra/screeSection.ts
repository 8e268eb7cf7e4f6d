import { ChartCard, type ChartActions } from '../kit/chartCard';
import { button, checkbox, setEnabled, type ValueControl } from '../kit/controls';
import { el, keepChildren, setShown, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { Menu } from '../kit/menu';
import type { Figure } from '../kit/figure';
import { formatShare } from '../kit/format';
import { moduleName } from '../kit/moduleGrid';
import type { Theme } from '../kit/themeColours';
import { CurveList } from './curveList';
import { type Curve, keptText, screeFigure } from './curves';
import { CutSlider, type CutActions } from './cutSlider';
import { energyAt } from './energy';
import { chosenModules, cutOf, type Look, type State } from './state';

export interface ScreeActions extends CutActions, Omit<ChartActions, 'point' | 'drawn'> {
  readonly look: (change: Partial<Look>) => void;
  readonly remove: (path: string) => void;
}

/** What can be ticked of the axes. */
const CHECKS = { logX: 'Log index', logY: 'Log σ', share: 'Cumulative energy' } as const;
const CHECK_NAMES = ['logX', 'logY', 'share'] as const;

/** The spectra of the chosen modules, and the cut at the rank. */
export class ScreeSection {
  readonly element: HTMLElement;
  readonly #card: ChartCard;
  readonly #cut: CutSlider;
  readonly #list: CurveList;
  readonly #checks: Readonly<Record<keyof typeof CHECKS, ValueControl<boolean>>>;
  readonly #sets = el('span', { class: 'sets', role: 'group', 'aria-label': 'Models shown' });
  readonly #setBoxes = new Map<string, ValueControl<boolean>>();
  readonly #reset: HTMLElement;
  readonly #note = el('p', { class: 'muted' });
  #emphasis: string | undefined;
  #theme: Theme | undefined;
  #figure: Figure | undefined;
  /** What the chart has drawn: the figure, but for its cut. */
  #drawn: Figure | undefined;
  #shown = '';
  #curves: readonly Curve[] = [];
  #state: State | undefined;

  constructor(private readonly actions: ScreeActions) {
    this.#card = new ChartCard('scree', {
      ...actions,
      point: (x, owner) => {
        if (owner !== this.#emphasis) {
          this.#emphasis = owner;
          this.draw();
        }
        this.#card.showCrosshair(x, owner);
      },
      drawn: () => this.#cut.place(),
    });
    this.#cut = new CutSlider(() => this.#card.chart, actions);
    this.#card.plot.append(this.#cut.element);
    this.#list = new CurveList(actions.remove);
    const axes = new Menu('Axes');
    const check = (name: keyof typeof CHECKS): ValueControl<boolean> =>
      checkbox(CHECKS[name], true, (on) => actions.look({ [name]: on }));
    this.#checks = { logX: check('logX'), logY: check('logY'), share: check('share') };
    axes.content.append(...CHECK_NAMES.map((name) => this.#checks[name].element));
    const zoom = (label: string, name: 'plus' | 'minus' | 'reset', onClick: () => void): HTMLElement =>
      button({ label, kind: 'icon', icon: icon(name), onClick });
    this.#reset = zoom('Show all', 'reset', actions.resetRange);
    this.element = el(
      'section',
      { class: 'scree', 'aria-label': 'Spectra' },
      el(
        'div',
        { class: 'toolbar' },
        axes.element,
        this.#sets,
        el(
          'span',
          { class: 'end zoom' },
          zoom('Zoom in', 'plus', () => actions.moveRange({ zoom: 0.7 })),
          zoom('Zoom out', 'minus', () => actions.moveRange({ zoom: 1 / 0.7 })),
          this.#reset,
        ),
      ),
      this.#card.element,
      this.#note,
      this.#list.element,
    );
  }

  update(state: State, theme: Theme, curves: readonly Curve[]): void {
    this.#state = state;
    this.#theme = theme;
    const { view, look } = state;
    setShown(this.element, view.modules.length > 0);
    for (const name of CHECK_NAMES) this.#checks[name].value = look[name];
    setEnabled(this.#reset, state.range !== null);
    this.showSets(state);
    this.#figure = screeFigure(state, curves);
    // While the cut is moved the curves stay: the chart takes them for those that it has drawn.
    const shown = JSON.stringify([
      look.logX,
      look.logY,
      look.share,
      state.range,
      curves.map(({ mark }) => mark),
    ]);
    const same =
      shown === this.#shown &&
      curves.length === this.#curves.length &&
      curves.every(({ spectrum, name }, index) => {
        const before = this.#curves[index];
        return spectrum === before?.spectrum && name === before?.name;
      });
    this.#shown = shown;
    this.#curves = curves;
    if (!same || this.#drawn === undefined) this.#drawn = this.#figure;
    setText(this.#note, noteText(state, curves));
    this.#list.update(state, curves);
    this.draw();
    this.#cut.update(this.cutLook(state, curves));
  }

  get figure(): Figure | undefined {
    return this.#figure;
  }

  private draw(): void {
    if (this.#drawn === undefined || this.#theme === undefined) return;
    this.#card.update(this.#drawn, this.#theme, this.#emphasis);
    this.#card.describe(this.#figure?.description ?? '');
  }

  private cutLook(state: State, curves: readonly Curve[]): Parameters<CutSlider['update']>[0] {
    const curve = curves.find(({ spectrum }) => spectrum !== undefined);
    if (curve === undefined) return undefined;
    const { module } = curve;
    return {
      rank: cutOf(state, module),
      most: Math.min(...module.shape),
      label: `Rank of ${moduleName(module)}`,
      ...cutTexts(state, curve),
      writes: state.view.adapter !== undefined,
    };
  }

  private showSets({ view, look }: State): void {
    setShown(this.#sets, view.sets.length > 1);
    keepChildren(
      this.#sets,
      this.#setBoxes,
      view.sets.map(({ key }) => key),
      (key) =>
        checkbox(view.sets.find((set) => set.key === key)?.name ?? key, true, (on) => {
          const hidden = this.#state?.look.hidden ?? [];
          this.actions.look({ hidden: on ? hidden.filter((one) => one !== key) : [...hidden, key] });
        }),
    );
    for (const [key, box] of this.#setBoxes) box.value = !look.hidden.includes(key);
  }
}

function cutTexts(state: State, curve: Curve): { text: string; short: string } {
  const { main } = keptText(state, curve);
  const cut = cutOf(state, curve.module);
  const kept = curve.spectrum === undefined ? undefined : energyAt(curve.spectrum, cut);
  return { text: main, short: kept === undefined ? `r ${cut}` : `r ${cut}: ${formatShare(kept)}` };
}

/** What the cut is of, and what letting it go does. */
function noteText(state: State, curves: readonly Curve[]): string {
  const { adapter } = state.view;
  const chosen = chosenModules(state);
  if (chosen.length === 0) return 'Choose a module in the map to see its spectrum.';
  if (curves.every(({ spectrum }) => spectrum === undefined)) return 'This spectrum is not there yet.';
  const ranks = new Set(chosen.map((module) => cutOf(state, module)));
  const [first] = chosen;
  const of =
    ranks.size > 1 && first !== undefined
      ? `The line is the rank of ${moduleName(first)}; each module has its own. `
      : '';
  if (adapter === undefined) return `${of}Drag the line to see what a rank keeps.`;
  const what = adapter.method === 'lamda++' ? 'the mean rank' : 'the rank';
  return `${of}Drag the line to set ${what} of the experiment, now ${adapter.rank}.`;
}

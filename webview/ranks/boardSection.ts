import { el, setShown, setText } from '../kit/dom';
import { GridView } from '../kit/gridView';
import { moduleGrid, shapeText } from '../kit/moduleGrid';
import { differenceScale } from '../kit/scale';
import { ScaleBar } from '../kit/scaleBar';
import type { Theme } from '../kit/themeColours';
import { boardTitle, cellParts, planCells, rivalCells } from './board';
import { rivalOf, type State } from './state';
import { tallyOf } from './tally';

export interface BoardActions {
  /** Enter, Space or a click: a rank is to be chosen. */
  readonly onChoose: (path: string) => void;
  readonly onClear: (path: string) => void;
}

/** The board of the plan, beside it what it is compared with, and what their colours mean. */
export class BoardSection {
  readonly element: HTMLElement;
  readonly #grid: GridView;
  readonly #other: GridView;
  readonly #title = el('h2');
  readonly #otherTitle = el('h2');
  readonly #otherPart: HTMLElement;
  readonly #tally = el('ul', { class: 'tally', 'aria-label': 'Modules by rank' });
  readonly #turns: HTMLElement;
  readonly #bar = new ScaleBar();
  readonly #pinKey = el('span', { class: 'pin-key' }, el('span', { class: 'pin-mark' }), 'pinned');
  readonly #readout = el('p', { class: 'readout-line', 'aria-hidden': 'true' });
  #tallied = '';
  #state: State | undefined;
  #pointed: string | undefined;

  constructor(actions: BoardActions) {
    const onPoint = (path: string | undefined): void => {
      this.#pointed = path;
      this.tell();
    };
    this.#grid = new GridView('Ranks by layer.', {
      onOpen: actions.onChoose,
      onAdd: actions.onChoose,
      onClear: actions.onClear,
      onPoint,
    });
    const nothing = (): void => undefined;
    this.#other = new GridView('Ranks compared with', { onOpen: nothing, onAdd: nothing, onPoint });
    this.#other.element.classList.add('quiet');
    this.#otherPart = el('div', { class: 'board' }, this.#otherTitle, this.#other.element);
    this.#turns = el(
      'div',
      { class: 'scale' },
      el('span', {}, 'a quarter'),
      this.#bar.element,
      el('span', {}, 'four times'),
    );
    this.element = el(
      'section',
      { class: 'boards', 'aria-label': 'Ranks' },
      el('div', { class: 'board' }, this.#title, this.#grid.element),
      this.#otherPart,
      el('div', { class: 'map-foot' }, this.#tally, this.#turns, this.#pinKey),
      this.#readout,
    );
  }

  update(state: State, theme: Theme): void {
    this.#state = state;
    const { readOnly } = state.view;
    this.#grid.label = readOnly
      ? 'Ranks by layer.'
      : 'Ranks by layer. Enter chooses a rank for a module, Delete leaves it to the rule.';
    this.#grid.element.classList.toggle('quiet', readOnly);
    const { view, beside } = state;
    const rival = rivalOf(state);
    const layout = moduleGrid(view.modules);
    setShown(this.element, view.modules.length > 0);
    const differs = rival !== undefined && !beside;
    setText(this.#title, boardTitle(state));
    setShown(this.#title, rival !== undefined);
    this.#grid.update(layout, planCells(state, theme));
    setShown(this.#otherPart, rival !== undefined && beside);
    if (rival !== undefined && beside) {
      setText(this.#otherTitle, rival.name);
      this.#other.update(layout, rivalCells(state, rival, theme));
    }
    setShown(this.#tally, !differs);
    setShown(this.#turns, differs);
    setShown(this.#pinKey, !readOnly);
    this.#bar.update(differenceScale(theme.background), -1);
    this.showTally(state, theme);
    this.tell();
  }

  placeOf(path: string): DOMRect | undefined {
    return this.#grid.placeOf(path);
  }

  focus(path: string): void {
    this.#grid.focus(path);
  }

  private showTally(state: State, theme: Theme): void {
    const counts = tallyOf(state, theme);
    const text = JSON.stringify(counts);
    if (text === this.#tallied) return;
    this.#tallied = text;
    this.#tally.replaceChildren(
      ...counts.map(({ rank, count, colour }) => {
        const mark = el('span', { class: 'tally-mark', 'aria-hidden': 'true' });
        mark.style.background = colour;
        return el('li', {}, mark, `rank ${rank}`, el('span', { class: 'muted' }, `× ${count}`));
      }),
    );
  }

  private tell(): void {
    const state = this.#state;
    const module = state?.view.modules.find(({ path }) => path === this.#pointed);
    if (state === undefined || module === undefined) {
      const pin = state?.view.readOnly === true ? '' : ' Click or press Enter to pin its rank.';
      setText(this.#readout, `Point at a module to read its values.${pin}`);
      return;
    }
    const [name = '', ...parts] = cellParts(state, module);
    this.#readout.replaceChildren(
      el('strong', {}, name),
      el('span', {}, shapeText(module)),
      ...parts.map((part) => el('span', {}, part)),
    );
  }
}

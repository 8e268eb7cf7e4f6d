import { el, setShown, setText } from '../kit/dom';
import { type GridEvents, GridView } from '../kit/gridView';
import { moduleGrid, moduleName } from '../kit/moduleGrid';
import { ScaleBar } from '../kit/scaleBar';
import type { Theme } from '../kit/themeColours';
import { heatMap, middleOf, readoutOf, zerosText } from './heatMap';
import { MEASURES } from './measures';
import { mapMeasure, mapSet, type State } from './state';

/** The map of all modules, the scale of its colours, and what is known of the module that is pointed at. */
export class MapSection {
  readonly element: HTMLElement;
  readonly #grid: GridView;
  readonly #help = el('p', { class: 'muted' });
  readonly #low = el('span');
  readonly #middle = el('span', { class: 'scale-middle' });
  readonly #high = el('span');
  readonly #bar = new ScaleBar();
  readonly #scale: HTMLElement;
  readonly #rough = el('span', { class: 'rough-key' }, el('span', { class: 'rough-mark' }), 'approximate');
  readonly #readout = el('p', { class: 'readout-line', 'aria-hidden': 'true' });
  #pointed: string | undefined;
  #state: State | undefined;

  constructor(events: Pick<GridEvents, 'onOpen' | 'onAdd'>) {
    this.#grid = new GridView(
      'Modules by layer. Enter shows the spectrum, Space adds it to those shown.',
      {
        ...events,
        onPoint: (path) => {
          this.#pointed = path;
          this.tell();
        },
      },
      { multiple: true },
    );
    this.#scale = el(
      'div',
      { class: 'scale' },
      el('span', { class: 'spoken' }, 'Colours from'),
      this.#low,
      el('span', { class: 'scale-with' }, this.#bar.element, this.#middle),
      el('span', { class: 'spoken' }, 'to'),
      this.#high,
    );
    this.element = el(
      'section',
      { class: 'map', 'aria-label': 'Map' },
      this.#help,
      this.#grid.element,
      el('div', { class: 'map-foot' }, this.#scale, this.#rough),
      this.#readout,
    );
  }

  update(state: State, theme: Theme): void {
    this.#state = state;
    const { view, spectra } = state;
    setShown(this.element, view.modules.length > 0);
    const { help, format, log } = MEASURES[mapMeasure(state)];
    const { cells, scale, range } = heatMap(state, theme);
    const coloured = [...cells.values()].some(
      ({ colour, marks }) => colour !== undefined || !marks.includes('unchanged'),
    );
    setText(this.#help, coloured ? help : `There is nothing to colour: ${zerosText(mapSet(state))}.`);
    this.#grid.update(moduleGrid(view.modules), cells);
    setShown(this.#scale, range !== undefined);
    setShown(
      this.#rough,
      [...spectra.values()].some(({ exact }) => !exact),
    );
    if (range !== undefined) {
      setText(this.#low, format(range[0]));
      setText(this.#middle, format(middleOf(range, log)));
      setText(this.#high, format(range[1]));
      this.#bar.update(scale, 0);
    }
    this.tell();
  }

  private tell(): void {
    const state = this.#state;
    const module = state?.view.modules.find(({ path }) => path === this.#pointed);
    if (state === undefined || module === undefined) {
      setText(
        this.#readout,
        'Point at a module to read its values. Click to see its spectrum; Ctrl or Shift and click adds it.',
      );
      return;
    }
    this.#readout.replaceChildren(
      el('strong', {}, moduleName(module)),
      ...readoutOf(state, module).map((part) => el('span', {}, part)),
    );
  }
}

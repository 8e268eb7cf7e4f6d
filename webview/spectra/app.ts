import { toError } from '../../src/base/errors';
import {
  decodeSavedSpectra,
  spectraHostApi,
  spectraPanelApi,
  type SpectraPatch,
} from '../../src/protocol/panels/spectra';
import { el, setShown, setText } from '../kit/dom';
import { connectHost, saveState, savedState } from '../kit/host';
import { moduleGrid } from '../kit/moduleGrid';
import { assignSlots, markOf, type Mark } from '../kit/palette';
import { pngOf } from '../kit/pictures';
import { clampRange, movedRange } from '../kit/range';
import { StateNotice } from '../kit/stateNotice';
import { svgPicture } from '../kit/svg';
import { TextTable } from '../kit/textTable';
import { onThemeChange, readTheme } from '../kit/theme';
import { curvesOf, wholeRange } from './curves';
import { heatMap } from './heatMap';
import { mapPicture } from './mapPicture';
import { MapSection } from './mapSection';
import { MEASURES } from './measures';
import { ScreeSection } from './screeSection';
import { applyPatch, initialState, type Look, mapSet, opened, savedOf, type State, toggled } from './state';
import { energyTable, measureTable } from './tableRows';
import { stateText } from './texts';
import { type SaveName, Toolbar } from './toolbar';

/** The page: keeps the state, draws it, and speaks with the host. */
export class App {
  #state: State = initialState(decodeSavedSpectra(savedState()));
  #theme = readTheme();
  #slots = new Map<string, number>();
  #drawing = false;
  readonly #name = el('strong');
  readonly #model = el('span', { class: 'muted' });
  readonly #notice: StateNotice;
  readonly #problem = el('p', { class: 'error', role: 'alert', hidden: true });
  readonly #toolbar: Toolbar;
  readonly #map: MapSection;
  readonly #scree: ScreeSection;
  readonly #energies: TextTable;
  readonly #measures: TextTable;
  readonly #host = connectHost(
    spectraPanelApi,
    {
      patch: (patch) => {
        this.apply(patch);
        return Promise.resolve();
      },
    },
    spectraHostApi,
  ).calls;

  constructor(root: HTMLElement) {
    const host = this.#host;
    this.#notice = new StateNotice((action) => this.ask(host[action]()));
    this.#toolbar = new Toolbar({
      measure: (measure) => this.look({ measure }),
      set: (set) => this.look({ set }),
      save: (name) => this.ask(this.save(name)),
    });
    this.#map = new MapSection({
      onOpen: (path) => this.set(opened(this.#state, path)),
      onAdd: (path) => this.set(toggled(this.#state, path)),
    });
    this.#scree = new ScreeSection({
      look: (change) => this.look(change),
      remove: (path) => this.set(toggled(this.#state, path)),
      onTry: (cut) => this.set({ ...this.#state, cut }),
      onSet: (rank) => this.setRank(rank),
      onRevert: () => this.set({ ...this.#state, cut: null }),
      setRange: (range) => this.set({ ...this.#state, range: clampRange(range, wholeRange(this.#state)) }),
      moveRange: (change) => {
        const { range, look } = this.#state;
        const next = movedRange(range, wholeRange(this.#state), { ...change, log: look.logX });
        this.set({ ...this.#state, range: next });
      },
      resetRange: () => this.set({ ...this.#state, range: null }),
    });
    const { tables } = this.#state.look;
    this.#energies = this.table('Energy by rank', 'energies', tables);
    this.#measures = this.table('Map as a table', 'measures', tables);
    root.append(
      el('h1', { class: 'spoken' }, 'Spectra'),
      el('header', { class: 'subject' }, this.#name, this.#model),
      this.#notice.element,
      this.#problem,
      this.#toolbar.element,
      this.#map.element,
      this.#scree.element,
      this.#energies.element,
      this.#measures.element,
    );
    onThemeChange(() => {
      this.#theme = readTheme();
      this.draw();
    });
    this.draw();
    this.ask(host.ready().then((patch) => this.apply(patch)));
  }

  private table(name: string, key: string, open: readonly string[]): TextTable {
    return new TextTable(name, open.includes(key), (now) => {
      const { tables } = this.#state.look;
      if (now !== tables.includes(key)) {
        this.look({ tables: now ? [...tables, key] : tables.filter((one) => one !== key) });
      }
    });
  }

  private apply(patch: SpectraPatch): void {
    this.set(applyPatch(this.#state, patch));
  }

  private look(change: Partial<Look>): void {
    this.set({ ...this.#state, look: { ...this.#state.look, ...change } });
  }

  private set(state: State): void {
    this.#state = state;
    // Until it is known what the panel is about, what was written down before says more.
    if (state.view.subject !== undefined) saveState(savedOf(state));
    this.draw();
  }

  private setRank(rank: number): void {
    const { adapter } = this.#state.view;
    if (adapter === undefined) return;
    if (rank === adapter.rank) this.set({ ...this.#state, cut: null });
    else this.ask(this.#host.setRank(rank));
  }

  /** Draws with the next frame, however much has changed until then. */
  private draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const state = this.#state;
    const { view } = state;
    const curves = curvesOf(state, this.marks());
    setText(this.#name, view.name);
    setText(this.#model, view.model ?? '');
    this.#notice.update(stateText(state));
    setShown(this.#toolbar.element, view.modules.length > 0);
    this.#toolbar.update(state);
    this.#map.update(state, this.#theme);
    this.#scree.update(state, this.#theme, curves);
    this.#energies.update(curves.length > 0, () => energyTable(state, curves));
    this.#measures.update(view.modules.length > 0, () => measureTable(state));
  }

  private marks(): ReadonlyMap<string, Mark> {
    const { chosen } = this.#state.look;
    const { series, background } = this.#theme;
    this.#slots = assignSlots(chosen, this.#slots, series.length);
    return new Map([...this.#slots].map(([path, slot]) => [path, markOf(slot, series, background)]));
  }

  private async save(name: SaveName): Promise<void> {
    const { look, cut } = this.#state;
    if (name === 'measures') await this.#host.saveCsv({ of: 'measures', rank: cut });
    else if (name === 'values') await this.#host.saveCsv({ of: 'values', paths: look.chosen });
    else if (name === 'svg') await this.#host.saveSvg(this.picture());
    else await this.#host.savePng(await pngOf(this.picture()));
  }

  private picture(): string {
    const state = this.#state;
    const theme = this.#theme;
    const { title, format } = MEASURES[state.look.measure];
    const map = heatMap(state, theme);
    const ends =
      map.range === undefined ? undefined : ([format(map.range[0]), format(map.range[1])] as const);
    const of = state.view.sets.length > 1 ? ` of ${mapSet(state)?.name ?? ''}` : '';
    const curves = curvesOf(state, this.marks());
    const { figure } = this.#scree;
    return svgPicture(
      figure === undefined || curves.length === 0 ? [] : [figure],
      {
        title: `Spectra: ${state.view.name}`,
        theme,
        legend: curves.map(({ name, mark }) => ({ ...mark, label: name })),
        columns: 1,
        size: { width: 760, height: 380 },
      },
      mapPicture(moduleGrid(state.view.modules), map, `${title}${of}`, ends, theme),
    );
  }

  /** Says so where the host could not do what it was asked. */
  private ask(answer: Promise<unknown>): void {
    answer.then(
      () => setShown(this.#problem, false),
      (thrown: unknown) => {
        setText(this.#problem, toError(thrown).message);
        setShown(this.#problem, true);
      },
    );
  }
}

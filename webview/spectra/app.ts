import { toError } from '../../src/base/errors';
import {
  decodeSavedSpectra,
  spectraHostApi,
  spectraPanelApi,
  type SpectraPatch,
} from '../../src/protocol/panels/spectra';
import { el, setShown } from '../kit/dom';
import { gridPicture, scaleLegend } from '../kit/gridPicture';
import { connectHost, saveState, savedState } from '../kit/host';
import { Latest } from '../kit/latest';
import { moduleGrid } from '../kit/moduleGrid';
import { assignSlots, markOf, type Mark } from '../kit/palette';
import { Page } from '../kit/page';
import { clampRange, movedRange } from '../kit/range';
import { SubjectHead } from '../kit/subjectHead';
import { svgPicture } from '../kit/svg';
import { TextTable } from '../kit/textTable';
import { curvesOf, setName, wholeRange } from './curves';
import { heatMap } from './heatMap';
import { MapSection } from './mapSection';
import { MEASURES } from './measures';
import { ScreeSection } from './screeSection';
import { Player } from './player';
import {
  applyPatch,
  initialState,
  type Look,
  mapMeasure,
  mapSet,
  measuredBy,
  opened,
  savedOf,
  type State,
  toggled,
} from './state';
import { energyTable, measureTable } from './tableRows';
import { stateText } from './texts';
import { chosenStep, shownStep, stayOf } from './timeline';
import { TimelineSection } from './timelineSection';
import { type SaveName, Toolbar } from './toolbar';

/** The page: keeps the state, draws it, and speaks with the host. */
export class App extends Page {
  #state: State = initialState(decodeSavedSpectra(savedState()));
  #slots = new Map<string, number>();
  readonly #head: SubjectHead;
  readonly #toolbar: Toolbar;
  readonly #timeline: TimelineSection;
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
  readonly #steps = new Latest<number | null, unknown>(
    (step) => this.#host.showStep(step),
    () => undefined,
    (thrown) => this.ask(Promise.reject(toError(thrown))),
  );
  readonly #player = new Player({
    next: () => {
      const step = shownStep(this.#state);
      return this.#state.timeline?.steps.find((one) => step !== undefined && one > step);
    },
    first: () => this.#state.timeline?.steps[0],
    show: (step) => {
      this.chooseStep(step);
      const shown = this.#host.showStep(this.#state.look.step);
      this.ask(shown);
      return shown;
    },
    stay: () => {
      const { timeline } = this.#state;
      return timeline === undefined ? 0 : stayOf(timeline, wantsStillness());
    },
    changed: () => this.draw(),
  });

  constructor(root: HTMLElement) {
    super();
    const host = this.#host;
    this.#head = new SubjectHead((action) => this.ask(host[action]()));
    this.#toolbar = new Toolbar({
      measure: (measure) => this.set(measuredBy(this.#state, measure)),
      set: (set) => this.look({ set }),
      compare: () => this.ask(host.compare()),
      endComparison: () => this.ask(host.endComparison()),
      save: (name) => this.ask(this.save(name)),
    });
    this.#timeline = new TimelineSection({
      step: (step) => {
        this.#player.pause();
        this.chooseStep(step);
        this.#steps.want(this.#state.look.step);
      },
      toggle: () => this.#player.toggle(),
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
      ...this.#head.elements,
      this.problem,
      this.#toolbar.element,
      this.#timeline.element,
      this.#map.element,
      this.#scree.element,
      this.#energies.element,
      this.#measures.element,
    );
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
    const before = this.#state.timeline;
    this.set(applyPatch(this.#state, patch));
    const { timeline, look } = this.#state;
    if (timeline === undefined) this.#player.pause();
    // After a reload the host knows of the last step alone.
    else if (before === undefined && look.step !== null) this.#steps.want(look.step);
  }

  /** Has a step shown, with the map of what training changed. */
  private chooseStep(step: number): void {
    const { timeline } = this.#state;
    if (timeline !== undefined) this.look({ step: chosenStep(timeline, step), set: timeline.set });
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
    else {
      this.set({ ...this.#state, asked: rank });
      this.ask(this.#host.setRank(rank));
    }
  }

  protected override drawNow(): void {
    const state = this.#state;
    const { view } = state;
    const curves = curvesOf(state, this.marks());
    this.#head.update(view, stateText(state));
    setShown(this.#toolbar.element, view.modules.length > 0);
    this.#toolbar.update(state);
    this.#timeline.update(state, this.#player.playing);
    document.body.classList.toggle('playing', this.#player.playing);
    this.#map.update(state, this.theme);
    this.#scree.update(state, this.theme, curves);
    this.#energies.update(curves.length > 0, () => energyTable(state, curves));
    this.#measures.update(view.modules.length > 0, () => measureTable(state));
  }

  private marks(): ReadonlyMap<string, Mark> {
    const { chosen } = this.#state.look;
    const { series, background } = this.theme;
    this.#slots = assignSlots(chosen, this.#slots, series.length);
    return new Map([...this.#slots].map(([path, slot]) => [path, markOf(slot, series, background)]));
  }

  private async save(name: SaveName): Promise<void> {
    const { look, cut } = this.#state;
    if (name === 'measures') await this.#host.saveCsv({ of: 'measures', rank: cut });
    else if (name === 'values') await this.#host.saveCsv({ of: 'values', paths: look.chosen });
    else await this.savePicture(this.#host, name, this.picture());
  }

  private picture(): string {
    const state = this.#state;
    const { theme } = this;
    const { title, format } = MEASURES[mapMeasure(state)];
    const map = heatMap(state, theme);
    const [low, high] = map.range ?? [];
    const legend =
      low === undefined || high === undefined
        ? undefined
        : scaleLegend(map.scale, 0, [format(low), format(high)]);
    const shown = mapSet(state);
    const of = shown === undefined || state.view.sets.length < 2 ? '' : ` of ${setName(state, shown)}`;
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
      gridPicture(moduleGrid(state.view.modules), map.cells, { title: `${title}${of}` }, theme, legend),
    );
  }
}

/** Whether the user wants as little motion as can be. */
function wantsStillness(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

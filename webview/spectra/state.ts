import type {
  SavedSpectra,
  SpectraModule,
  SpectraPatch,
  SpectraSet,
  SpectraMeasure,
  SpectraView,
  Spectrum,
  Timeline,
} from '../../src/protocol/panels/spectra';

/** How the spectra are looked at. */
export type Look = Omit<SavedSpectra, 'version' | 'subject' | 'compared'>;

/** All that the page shows; never changed, always replaced. */
export interface State {
  readonly view: SpectraView;
  /** By set and module; see `spectrumOf`. */
  readonly spectra: ReadonlyMap<string, Spectrum>;
  /** What training changed, step by step; undefined where nothing was recorded. */
  readonly timeline: Timeline | undefined;
  readonly look: Look;
  /** The rank that the user is trying out; null: each module's own. */
  readonly cut: number | null;
  /** The rank that was last asked to be written, until the experiment says it; null: none. */
  readonly asked: number | null;
  /** The part of the curves that is seen; null for all. */
  readonly range: readonly [number, number] | null;
  /** Whether the user has chosen modules: until then the first that is there is shown. */
  readonly touched: boolean;
}

const LOOK: Look = {
  measure: 'energy',
  changeMeasure: 'stableRank',
  set: null,
  hidden: [],
  chosen: [],
  logX: true,
  logY: true,
  share: true,
  tables: [],
  step: null,
};

/** The rank of a cut where nothing says one. */
const USUAL = 16;

/** The state of a page that has just been opened, looked at as before. */
export function initialState(saved: SavedSpectra | undefined): State {
  return {
    view: { id: -1, name: '', status: 'opening', modules: [], sets: [] },
    spectra: new Map(),
    timeline: undefined,
    look: lookOf(saved ?? LOOK),
    cut: null,
    asked: null,
    range: null,
    touched: (saved?.chosen.length ?? 0) > 0,
  };
}

function lookOf(saved: Look): Look {
  const { measure, changeMeasure, set, hidden, chosen, logX, logY, share, tables, step } = saved;
  return { measure, changeMeasure, set, hidden, chosen, logX, logY, share, tables, step };
}

/** With what the host says is new. */
export function applyPatch(state: State, { view, spectra, timeline }: SpectraPatch): State {
  const same = view.id === state.view.id;
  const sets = new Set(view.sets.map(({ key }) => key));
  // Another timeline's spectra are another run's.
  if (timeline !== undefined) sets.delete(timeline.set);
  const all = new Map([...(same ? state.spectra : [])].filter(([, { set }]) => sets.has(set)));
  for (const spectrum of spectra) all.set(keyOf(spectrum.set, spectrum.path), spectrum);
  const known = new Set(view.modules.map(({ path }) => path));
  const kept = view.modules.length === 0 ? state.look.chosen : state.look.chosen.filter((p) => known.has(p));
  const first = state.touched
    ? undefined
    : view.modules.find(({ path }) => all.has(keyOf(mapSet({ view, look: state.look })?.key ?? '', path)));
  const chosen = kept.length === 0 && first !== undefined ? [first.path] : kept;
  // The experiment says another rank than it did: what was tried out has been written, or overtaken.
  const written = same && view.adapter?.rank !== state.view.adapter?.rank;
  // But it may have been moved on since that was asked for.
  const movedOn = view.adapter?.rank === state.asked && state.cut !== state.asked;
  // The first view after a reload is about what was written down.
  const step = same || state.view.id === -1 ? state.look.step : null;
  const next = timeline ?? (same ? state.timeline : undefined);
  return {
    ...state,
    view,
    spectra: all,
    timeline: next === undefined || next.steps.length === 0 ? undefined : next,
    look: { ...state.look, chosen, step },
    cut: (written && !movedOn) || !same ? null : state.cut,
    asked: written || !same ? null : state.asked,
    range: same ? state.range : null,
  };
}

/** What is written down, so that the panel comes back as it is. */
export function savedOf({ view, look }: State): SavedSpectra {
  return {
    version: 2,
    ...(view.subject === undefined ? {} : { subject: view.subject }),
    ...(view.compared === undefined ? {} : { compared: view.compared.path }),
    ...look,
  };
}

function keyOf(set: string, path: string): string {
  return `${set}\n${path}`;
}

/** The spectrum of a module in a set; undefined where it is not there yet. */
export function spectrumOf({ spectra }: State, set: string, path: string): Spectrum | undefined {
  return spectra.get(keyOf(set, path));
}

/** The set that the map shows: the chosen one, else what a run has changed, else the first. */
export function mapSet({ view, look }: Pick<State, 'view' | 'look'>): SpectraSet | undefined {
  const { sets, subject } = view;
  const change = subject?.kind === 'run' ? sets.find(({ of }) => of === 'change') : undefined;
  return sets.find(({ key }) => key === look.set) ?? change ?? sets[0];
}

/** What the map tells: weights and changes each have a measure of their own. */
export function mapMeasure(state: State): SpectraMeasure {
  const { measure, changeMeasure } = state.look;
  return mapSet(state)?.of === 'change' ? changeMeasure : measure;
}

/** With another measure of what the map shows. */
export function measuredBy(state: State, measure: SpectraMeasure): State {
  const change = mapSet(state)?.of === 'change' ? { changeMeasure: measure } : { measure };
  return { ...state, look: { ...state.look, ...change } };
}

/** The sets whose curves are drawn. */
export function shownSets({ view, look }: State): readonly SpectraSet[] {
  return view.sets.filter(({ key }) => !look.hidden.includes(key));
}

/** The modules whose curves are drawn, in the order in which they were chosen. */
export function chosenModules({ view, look }: State): SpectraModule[] {
  return look.chosen.flatMap((path) => view.modules.find((module) => module.path === path) ?? []);
}

/** Where a module is cut: where the user tries it out, else at its own rank, else at the experiment's. */
export function cutOf({ cut, view }: Pick<State, 'cut' | 'view'>, module: SpectraModule): number {
  const wanted = cut ?? module.rank ?? view.adapter?.rank ?? USUAL;
  return Math.max(1, Math.min(wanted, ...module.shape));
}

/** Opens a module's curves alone. */
export function opened(state: State, path: string): State {
  return { ...state, touched: true, range: null, look: { ...state.look, chosen: [path] } };
}

/** Adds a module's curves, or takes them away where they are drawn. */
export function toggled(state: State, path: string): State {
  const { chosen } = state.look;
  const next = chosen.includes(path) ? chosen.filter((one) => one !== path) : [...chosen, path];
  return { ...state, touched: true, look: { ...state.look, chosen: next } };
}

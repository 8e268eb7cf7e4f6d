import type {
  SavedSpectra,
  SpectraModule,
  SpectraPatch,
  SpectraSet,
  SpectraView,
  Spectrum,
} from '../../src/protocol/panels/spectra';

/** How the spectra are looked at. */
export type Look = Omit<SavedSpectra, 'version' | 'subject'>;

/** All that the page shows; never changed, always replaced. */
export interface State {
  readonly view: SpectraView;
  /** By set and module; see `spectrumOf`. */
  readonly spectra: ReadonlyMap<string, Spectrum>;
  readonly look: Look;
  /** The rank that the user is trying out; null: each module's own. */
  readonly cut: number | null;
  /** The part of the curves that is seen; null for all. */
  readonly range: readonly [number, number] | null;
  /** Whether the user has chosen modules: until then the first that is there is shown. */
  readonly touched: boolean;
}

const LOOK: Look = {
  measure: 'energy',
  set: null,
  hidden: [],
  chosen: [],
  logX: true,
  logY: true,
  share: true,
  tables: [],
};

/** The rank of a cut where nothing says one. */
const USUAL = 16;

/** The state of a page that has just been opened, looked at as before. */
export function initialState(saved: SavedSpectra | undefined): State {
  return {
    view: { id: -1, name: '', status: 'opening', modules: [], sets: [] },
    spectra: new Map(),
    look: lookOf(saved ?? LOOK),
    cut: null,
    range: null,
    touched: (saved?.chosen.length ?? 0) > 0,
  };
}

function lookOf({ measure, set, hidden, chosen, logX, logY, share, tables }: Look): Look {
  return { measure, set, hidden, chosen, logX, logY, share, tables };
}

/** With what the host says is new. */
export function applyPatch(state: State, { view, spectra }: SpectraPatch): State {
  const same = view.id === state.view.id;
  const all = new Map(same ? state.spectra : []);
  for (const spectrum of spectra) all.set(keyOf(spectrum.set, spectrum.path), spectrum);
  const known = new Set(view.modules.map(({ path }) => path));
  const kept = view.modules.length === 0 ? state.look.chosen : state.look.chosen.filter((p) => known.has(p));
  const first = state.touched
    ? undefined
    : view.modules.find(({ path }) => all.has(keyOf(view.sets[0]?.key ?? '', path)));
  const chosen = kept.length === 0 && first !== undefined ? [first.path] : kept;
  // The experiment says another rank than it did: what was tried out has been written, or overtaken.
  const written = same && view.adapter?.rank !== state.view.adapter?.rank;
  return {
    ...state,
    view,
    spectra: all,
    look: { ...state.look, chosen },
    cut: written || !same ? null : state.cut,
    range: same ? state.range : null,
  };
}

/** What is written down, so that the panel comes back as it is. */
export function savedOf({ view, look }: State): SavedSpectra {
  return { version: 1, ...(view.subject === undefined ? {} : { subject: view.subject }), ...look };
}

function keyOf(set: string, path: string): string {
  return `${set}\n${path}`;
}

/** The spectrum of a module in a set; undefined where it is not there yet. */
export function spectrumOf({ spectra }: State, set: string, path: string): Spectrum | undefined {
  return spectra.get(keyOf(set, path));
}

/** The set that the map shows: the chosen one, else the first. */
export function mapSet({ view, look }: State): SpectraSet | undefined {
  return view.sets.find(({ key }) => key === look.set) ?? view.sets[0];
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

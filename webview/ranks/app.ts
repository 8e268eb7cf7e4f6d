import { toError } from '../../src/base/errors';
import {
  decodeSavedRanks,
  ranksHostApi,
  ranksPanelApi,
  type RankPlan,
  type RankRequest,
} from '../../src/protocol/panels/ranks';
import { el, setShown } from '../kit/dom';
import { connectHost, saveState, savedState } from '../kit/host';
import { Latest } from '../kit/latest';
import { moduleName } from '../kit/moduleGrid';
import { Page } from '../kit/page';
import { SubjectHead } from '../kit/subjectHead';
import { TextTable } from '../kit/textTable';
import { ApplyBar, type SaveName } from './applyBar';
import { BoardSection } from './boardSection';
import { RankChooser } from './chooser';
import { boardPicture } from './picture';
import { PlanControls } from './planControls';
import {
  applyView,
  between,
  byRule,
  changed,
  initialState,
  inUnit,
  pinned,
  plannedByPath,
  requestOf,
  savedOf,
  type State,
} from './state';
import { planTable, stateText } from './texts';
import { Totals } from './totals';

/** The page: keeps the state, draws it, and speaks with the host. */
export class App extends Page {
  #state: State = initialState(decodeSavedRanks(savedState()));
  /** What a plan was last asked for with, and of which view. */
  #asked = '';
  readonly #head: SubjectHead;
  readonly #controls: PlanControls;
  readonly #totals = new Totals();
  readonly #bar: ApplyBar;
  readonly #board: BoardSection;
  readonly #chooser = new RankChooser();
  readonly #table: TextTable;
  readonly #host = connectHost(
    ranksPanelApi,
    {
      show: (view) => {
        this.set(applyView(this.#state, view));
        return Promise.resolve();
      },
    },
    ranksHostApi,
  ).calls;
  readonly #plans = new Latest<RankRequest, RankPlan>(
    (request) => this.#host.plan(request),
    (plan) => this.set({ ...this.#state, plan, problem: undefined }),
    (thrown) => this.set({ ...this.#state, problem: toError(thrown).message }),
  );

  constructor(root: HTMLElement) {
    super();
    const host = this.#host;
    this.#head = new SubjectHead((action) => this.ask(host[action]()));
    this.#controls = new PlanControls({
      budget: (value) => {
        const unit = requestOf(this.#state)?.budget.unit ?? 'rank';
        this.set(changed(this.#state, { budget: { unit, value } }));
      },
      unit: (unit) => this.set(inUnit(this.#state, unit)),
      rule: (rule) => this.set(byRule(this.#state, rule)),
      end: (end, rank) => this.set(between(this.#state, end, rank)),
      clearPins: () => this.set(changed(this.#state, { pinned: {} })),
    });
    this.#bar = new ApplyBar({
      compare: (compare) => this.set({ ...this.#state, compare }),
      beside: (beside) => this.set({ ...this.#state, beside }),
      apply: () => {
        const { request } = this.#state;
        if (request !== null) this.ask(host.apply(request));
      },
      revert: () => this.set({ ...this.#state, request: null }),
      save: (name) => this.ask(this.save(name)),
    });
    this.#board = new BoardSection({
      onChoose: (path) => this.choose(path),
      onClear: (path) => this.set(pinned(this.#state, path, undefined)),
    });
    this.#table = new TextTable('Board as a table', this.#state.table, (table) => {
      if (table !== this.#state.table) this.set({ ...this.#state, table });
    });
    root.append(
      el('h1', { class: 'spoken' }, 'Ranks'),
      ...this.#head.elements,
      this.problem,
      this.#controls.element,
      this.#totals.element,
      this.#bar.element,
      this.#board.element,
      this.#table.element,
      this.#chooser.element,
    );
    this.draw();
    this.ask(host.ready().then((view) => this.set(applyView(this.#state, view))));
  }

  private set(state: State): void {
    this.#state = state;
    // Until it is known what the panel is about, what was written down before says more.
    if (state.view.subject !== undefined) saveState(savedOf(state));
    this.plan();
    this.draw();
  }

  /** Asks for a plan where another request, or another reading of the experiment, is there. */
  private plan(): void {
    const request = requestOf(this.#state);
    const { view } = this.#state;
    if (request === undefined || view.configured === undefined) return;
    const asked = JSON.stringify([request, view.id, view.modules, view.candidates]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#plans.want(request);
  }

  private async save(name: SaveName): Promise<void> {
    const request = requestOf(this.#state);
    if (name !== 'csv') await this.savePicture(this.#host, name, boardPicture(this.#state, this.theme));
    else if (request !== undefined) await this.#host.saveCsv(request);
  }

  private choose(path: string): void {
    const state = this.#state;
    if (state.view.readOnly) return;
    const module = state.view.modules.find((one) => one.path === path);
    const at = this.#board.placeOf(path);
    if (module === undefined || at === undefined || state.plan === undefined) return;
    const pin = requestOf(state)?.pinned[path];
    const most = Math.min(...module.shape);
    const ranks = new Set([...state.view.candidates, ...(pin === undefined ? [] : [pin])]);
    this.#chooser.open({
      name: moduleName(module),
      ranks: [...ranks].filter((rank) => rank <= most).sort((a, b) => a - b),
      pinned: pin,
      rank: plannedByPath(state.plan).get(path)?.rank,
      at,
      choose: (rank) => this.set(pinned(this.#state, path, rank)),
      closed: () => this.#board.focus(path),
    });
  }

  protected override drawNow(): void {
    const state = this.#state;
    const { view } = state;
    const there = view.modules.length > 0;
    this.#head.update(view, stateText(state));
    this.#controls.update(state);
    this.#totals.update(state);
    setShown(this.#bar.element, there);
    this.#bar.update(state);
    this.#board.update(state, this.theme);
    this.#table.update(there && state.plan !== undefined, () => planTable(state));
  }
}

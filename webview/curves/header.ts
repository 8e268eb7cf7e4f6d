import type { CurvesAction } from '../../src/protocol/panels/curves';
import { button, progressRing } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { icon } from '../kit/icons';
import { type Fact, factsOf, progressText } from './facts';
import type { NamedRun } from '../../src/protocol/panels/runNames';
import { headRun, shownRuns, type State } from './state';

export interface HeaderActions {
  readonly act: (action: CurvesAction, folder: string) => void;
  readonly select: (folder: string) => void;
}

/** What a run is, how far it has come, and what can be done with it. */
export class Header {
  readonly element: HTMLElement;
  readonly #select = el('select', { 'aria-label': 'Run' });
  readonly #status = el('span', { class: 'status' });
  readonly #facts = el('dl', { class: 'facts' });
  readonly #progress = el('progress', { max: 1, 'aria-label': 'Progress' });
  readonly #where = el('span', { class: 'where' });
  readonly #activity = el('span', { class: 'activity muted' });
  readonly #error = el('p', { class: 'error' });
  readonly #stop: HTMLElement;
  readonly #resume: HTMLElement;
  readonly #ring = progressRing('Working');
  #run: NamedRun | undefined;
  #factsShown = '';
  #options = '';

  constructor(actions: HeaderActions) {
    const act = (action: CurvesAction) => (): void => {
      if (this.#run !== undefined) actions.act(action, this.#run.folder);
    };
    this.#stop = button({ label: 'Stop', kind: 'secondary', onClick: act('stop') });
    this.#resume = button({ label: 'Resume', kind: 'primary', onClick: act('resume') });
    this.#stop.prepend(icon('stop'));
    this.#resume.prepend(icon('resume'));
    this.#select.addEventListener('change', () => {
      actions.select(this.#select.value);
    });
    this.element = el(
      'header',
      { class: 'header' },
      el(
        'div',
        { class: 'header-line' },
        this.#select,
        this.#status,
        el(
          'div',
          { class: 'header-actions' },
          this.#stop,
          this.#resume,
          button({ label: 'Config', onClick: act('openConfig'), title: 'Open the config of this run' }),
          button({ label: 'Log', onClick: act('openLog'), title: 'Open the log of this run' }),
        ),
      ),
      this.#facts,
      el('div', { class: 'progress-line' }, this.#progress, this.#where, this.#ring, this.#activity),
      this.#error,
    );
  }

  update(state: State): void {
    const run = headRun(state);
    this.#run = run;
    setShown(this.element, run !== undefined);
    if (run === undefined) return;
    this.choose(state, run);
    setText(this.#status, run.status);
    this.#status.dataset['status'] = run.status;
    setShown(this.#stop, run.active);
    setShown(this.#resume, run.resumable);
    this.showFacts(factsOf(run));
    const fraction =
      run.totalSteps === undefined || run.totalSteps === 0 ? undefined : run.step / run.totalSteps;
    setShown(this.#progress, fraction !== undefined);
    this.#progress.value = fraction ?? 0;
    setText(this.#where, progressText(run, Date.now()));
    const busy = run.activity ?? (run.read < 1 ? `reading metrics: ${Math.floor(run.read * 100)} %` : '');
    setText(this.#activity, busy);
    setShown(this.#ring, busy !== '');
    setText(this.#error, run.error ?? '');
    setShown(this.#error, run.error !== undefined);
  }

  /** The clock goes on where nothing else is new. */
  tick(): void {
    if (this.#run?.active === true) setText(this.#where, progressText(this.#run, Date.now()));
  }

  private choose(state: State, run: NamedRun): void {
    const runs = shownRuns(state);
    const all = runs.includes(run) ? runs : [run, ...runs];
    const text = JSON.stringify(all.map(({ folder, name }) => [folder, name]));
    if (text !== this.#options) {
      this.#options = text;
      this.#select.replaceChildren(
        ...all.map(({ folder, name, id }) => el('option', { value: folder, title: id }, name)),
      );
    }
    if (this.#select.value !== run.folder) this.#select.value = run.folder;
  }

  private showFacts(facts: readonly Fact[]): void {
    const text = JSON.stringify(facts);
    if (text === this.#factsShown) return;
    this.#factsShown = text;
    this.#facts.replaceChildren(
      ...facts.map(({ name, value, title, reason }) => {
        const why = reason === undefined ? [] : [el('span', { class: 'muted' }, ` · ${reason}`)];
        return el('div', { title }, el('dt', {}, name), el('dd', {}, value, ...why));
      }),
    );
  }
}

import {
  decodeSavedTokens,
  tokensHostApi,
  tokensPanelApi,
  type TokensView,
} from '../../src/protocol/panels/tokens';
import { toError } from '../../src/base/errors';
import { checkbox, progressRing } from '../kit/controls';
import { el, setShown, setText } from '../kit/dom';
import { connectHost, saveState, savedState } from '../kit/host';
import { Pager } from './pager';
import { rowView } from './rowView';
import { emptyText, STATES, summaryText } from './text';

/** The page: draws what the host says, and asks it for other rows. */
export class App {
  #ids = decodeSavedTokens(savedState())?.ids ?? false;
  #drawn: TokensView['preview'];
  readonly #rows = el('div', { class: 'rows' });
  readonly #summary = el('p', { class: 'summary' });
  readonly #empty = el('p', { class: 'empty' });
  readonly #busy = progressRing('Making the tokens');
  readonly #sentence = el('span', {});
  readonly #place = el('a', { href: '#' });
  readonly #stale = el('p', { class: 'muted' }, 'Below are the tokens of the experiment before that.');
  readonly #problem = el('div', { class: 'problem', role: 'alert' });
  readonly #toolbar: HTMLElement;
  readonly #pager: Pager;
  readonly #host = connectHost(
    tokensPanelApi,
    {
      show: (view) => {
        this.draw(view);
        return Promise.resolve();
      },
    },
    tokensHostApi,
  ).calls;

  constructor(root: HTMLElement) {
    const host = this.#host;
    this.#pager = new Pager((from) => this.ask(host.goTo(from)));
    this.#place.addEventListener('click', (event) => {
      event.preventDefault();
      this.ask(host.openProblem());
    });
    this.#problem.append(el('p', {}, this.#sentence, ' ', this.#place), this.#stale);
    const ids = checkbox('Show ids', this.#ids, (checked) => {
      this.#ids = checked;
      this.#rows.classList.toggle('with-ids', checked);
      saveState({ ...(decodeSavedTokens(savedState()) ?? { file: '', from: 0 }), ids: checked });
    });
    this.#rows.classList.toggle('with-ids', this.#ids);
    this.#toolbar = el('div', { class: 'toolbar' }, this.#pager.element, ids.element, legend(), this.#busy);
    root.append(
      el('h1', { class: 'spoken' }, 'Tokens'),
      this.#problem,
      this.#summary,
      this.#toolbar,
      this.#empty,
      this.#rows,
    );
    this.draw({ name: '', file: '', from: 0, count: 0, busy: true });
    this.ask(host.ready().then((view) => this.draw(view)));
  }

  private draw(view: TokensView): void {
    const { preview, problem, busy, file, from } = view;
    if (file !== '') saveState({ file, from, ids: this.#ids });
    setShown(this.#problem, problem !== undefined);
    setText(this.#sentence, problem?.message ?? '');
    setText(this.#place, problem?.place ?? '');
    setShown(this.#place, problem?.place !== undefined);
    setShown(this.#stale, problem !== undefined && preview !== undefined);
    setShown(this.#busy, busy);
    const empty = emptyText(view);
    setText(this.#empty, empty);
    setShown(this.#empty, empty !== '');
    setShown(this.#toolbar, preview !== undefined);
    setShown(this.#summary, preview !== undefined);
    if (preview !== undefined) setText(this.#summary, summaryText(preview));
    this.#pager.update(view);
    this.#rows.setAttribute('aria-busy', String(busy));
    this.#rows.classList.toggle('stale', problem !== undefined);
    this.drawRows(preview);
  }

  /** Rows that are the same are left as they are: what is selected in them stays selected. */
  private drawRows(preview: TokensView['preview']): void {
    if (JSON.stringify(preview?.rows) === JSON.stringify(this.#drawn?.rows)) return;
    const turned = preview?.rows[0]?.row !== this.#drawn?.rows[0]?.row;
    this.#drawn = preview;
    this.#rows.replaceChildren(
      ...(preview?.rows ?? []).map((row) => rowView(row, (number) => this.ask(this.#host.openRow(number)))),
    );
    if (turned) window.scrollTo({ top: 0 });
  }

  private ask(answer: Promise<unknown>): void {
    answer.catch((thrown: unknown) => {
      setShown(this.#problem, true);
      setText(this.#sentence, toError(thrown).message);
      setShown(this.#place, false);
    });
  }
}

function legend(): HTMLElement {
  return el(
    'ul',
    { class: 'legend', 'aria-label': 'How tokens are marked' },
    ...Object.entries(STATES).map(([state, words]) =>
      el(
        'li',
        {},
        el(
          'span',
          { class: `piece ${state}` },
          el('span', { class: 'token' }, el('span', { class: 'word' }, words)),
        ),
      ),
    ),
  );
}

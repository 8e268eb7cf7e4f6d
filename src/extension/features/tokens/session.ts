import * as path from 'node:path';
import { Owner, disposable } from '../../../base/disposable';
import { EigenloomError, type ErrorFacts, toError } from '../../../base/errors';
import type { TokenPreview } from '../../../protocol/inspector';
import type { TokensView } from '../../../protocol/panels/tokens';
import { problemText } from '../../problemText';

/** Rows of a page. */
const COUNT = 20;
/** How long (ms) the text rests before its tokens are made anew. */
const REST = 300;

/** Makes the tokens of rows of an experiment, from its text as it is now. */
type AskPreview = (file: string, text: string, from: number, count: number) => Promise<TokenPreview>;

interface SessionPort {
  readonly ask: AskPreview;
  readonly post: (view: TokensView) => void;
  /** Told of errors that are no fault of the experiment's. */
  readonly onFault: (error: Error) => void;
}

/** The text that is previewed. */
export interface PreviewSource {
  readonly file: string;
  readonly text: string;
}

/**
 * What a token preview shows of an experiment: follows its text, keeps the last good preview while the text has faults,
 * and asks for one thing at a time.
 */
export class TokensSession extends Owner {
  #source: PreviewSource | undefined;
  #from = 0;
  #preview: TokenPreview | undefined;
  #problem: ErrorFacts | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Counts the questions: an answer to any but the last is late. */
  #asked = 0;
  #busy = false;
  #visible = true;
  /** Changed while nobody looked. */
  #missed = false;

  constructor(private readonly port: SessionPort) {
    super();
    this.register(disposable(() => clearTimeout(this.#timer)));
  }

  get view(): TokensView {
    const problem = this.#problem;
    return {
      name: this.#source === undefined ? '' : path.basename(this.#source.file),
      file: this.#source?.file ?? '',
      from: this.#from,
      count: COUNT,
      busy: this.#busy,
      ...(this.#preview === undefined ? {} : { preview: this.#preview }),
      ...(problem === undefined ? {} : { problem: problemText(problem) }),
    };
  }

  get source(): PreviewSource | undefined {
    return this.#source;
  }

  /** The place of what is wrong. */
  get problem(): ErrorFacts | undefined {
    return this.#problem;
  }

  /** A hidden page is told nothing, and costs nothing. */
  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible && this.#missed) this.askSoon(0);
  }

  /** Shows another text: at once where it is another file's, after a rest where it is being written. */
  show(source: PreviewSource, from?: number): void {
    const other = source.file !== this.#source?.file;
    this.#source = source;
    if (other) {
      this.#from = from ?? 0;
      this.#preview = undefined;
      this.#problem = undefined;
    }
    this.askSoon(other ? 0 : REST);
  }

  goTo(from: number): void {
    this.#from = Math.max(0, Math.floor(from));
    this.askSoon(0);
  }

  /** Where a row of the page stands in its data file. */
  placeOf(row: number): { readonly file: string; readonly line: number } | undefined {
    return this.#preview?.rows.find((each) => each.row === row);
  }

  private askSoon(rest: number): void {
    clearTimeout(this.#timer);
    if (!this.#visible) {
      this.#missed = true;
      return;
    }
    this.#missed = false;
    this.#busy = true;
    this.#asked++;
    if (rest === 0) this.port.post(this.view);
    this.#timer = setTimeout(() => void this.askNow(), rest);
  }

  private async askNow(): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    const question = this.#asked;
    const late = (): boolean => this.disposed || question !== this.#asked;
    try {
      const preview = await this.port.ask(source.file, source.text, this.#from, COUNT);
      if (late()) return;
      this.#preview = preview;
      this.#problem = undefined;
      // The data have become shorter: the last page is what there is.
      if (preview.rows.length === 0 && preview.total > 0 && this.#from > 0) {
        this.goTo(Math.floor((preview.total - 1) / COUNT) * COUNT);
        return;
      }
    } catch (thrown) {
      if (late()) return;
      const error = toError(thrown);
      this.#problem = error instanceof EigenloomError ? error.facts : { what: error.message };
      if (!(error instanceof EigenloomError) || error.kind !== 'input') this.port.onFault(error);
    }
    this.#busy = false;
    this.port.post(this.view);
  }
}

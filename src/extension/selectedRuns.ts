import { InputError } from '../base/errors';
import { foldersOf } from './arguments';

/**
 * The runs that are selected in the explorer. While VS Code draws a tree anew, its extension host knows none of the
 * rows: it hands nothing in their place to a command that is chosen from their menu just then, and says that nothing is
 * selected. So what was selected last is remembered here.
 */
export class SelectedRuns {
  #told: readonly string[] = [];
  #now: () => readonly unknown[] = () => [];

  /** Of what was told last and what is known now the longer: in either, rows that were being drawn are missing. */
  get folders(): readonly string[] {
    const now = foldersOf([undefined, this.#now()]);
    return now.length >= this.#told.length ? now : this.#told;
  }

  /** Sets what knows the selected rows at any time. */
  ask(now: () => readonly unknown[]): void {
    this.#now = now;
  }

  /** Remembers the rows that are told to be selected now. */
  tell(rows: readonly unknown[]): void {
    this.#told = foldersOf([undefined, rows]);
  }

  /**
   * The run folders that a command was called with: of one row, or of all that are selected. Throws `InputError` where
   * VS Code handed over nothing in the place of rows, and it cannot be told which they are.
   */
  namedBy(args: readonly unknown[]): string[] {
    const [one, many] = args;
    const rows: readonly unknown[] = Array.isArray(many) && many.length > 0 ? many : [one];
    // Called by its name alone, a command gets no arguments; from a row's menu it always gets two.
    if (args.length < 2 || rows.every((row) => row !== undefined && row !== null)) return foldersOf(args);
    // A menu takes several rows only where they are all that is selected. One may be another than the selected one.
    const { folders } = this;
    if (rows.length > 1 && rows.length === folders.length) return [...folders];
    throw new InputError({
      what: 'the list of runs was being drawn anew when this was chosen, so that it is not known for which run',
      remedy: 'Choose it again.',
    });
  }
}

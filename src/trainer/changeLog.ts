import { toError } from '../base/errors';
import { type ChangeLine, decodeChange, encodeChange } from '../protocol/run/changes';
import { filterLines, LineAppender } from '../runs/lines';

/**
 * `changes.jsonl` of a run at work. Nothing about it ends a run: what cannot be written is told, once. The file is made
 * with its first line.
 */
export class ChangeLog {
  #file: LineAppender | undefined;
  /** A file that could not be cut back is not appended to: its lines would stand there twice. */
  #broken = false;
  #told = false;

  /**
   * Cuts the file back to the lines that belong to evaluations up to step `last`; -1: to nothing. `tell` shows a warning.
   */
  constructor(
    private readonly path: string,
    last: number,
    private readonly tell: (text: string) => void,
  ) {
    this.#broken = !this.attempt(() =>
      filterLines(path, (line) => (decodeChange(line)?.step ?? Infinity) <= last),
    );
  }

  append(line: ChangeLine): void {
    if (this.#broken) return;
    this.attempt(() => {
      this.#file ??= new LineAppender(this.path);
      this.#file.append(encodeChange(line));
    });
  }

  /** Brings all lines to the disk itself. */
  flush(): void {
    this.attempt(() => this.#file?.flush());
  }

  close(): void {
    this.flush();
    this.attempt(() => this.#file?.close());
    this.#file = undefined;
  }

  /** Whether it went well. */
  private attempt(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (thrown) {
      if (!this.#told) {
        this.#told = true;
        this.tell(`what training changes cannot be recorded: ${toError(thrown).message}`);
      }
      return false;
    }
  }
}

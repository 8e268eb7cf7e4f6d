import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { RunError } from '../base/errors';
import { errorCode, writeFailure, writeFileAtomic } from './files';

const NEWLINE = 0x0a;

/** How long (ms) appended lines may stay in the system's memory only. A killed process loses none of them. */
const FLUSH_EVERY = 2000;

/**
 * Appends lines to a file, each by one write: a reader sees whole lines, whatever happens to the writer. A torn
 * last line from before is cut off when the file is opened. One writer at a time (the run's lock sees to it).
 */
export class LineAppender {
  readonly #path: string;
  readonly #file: number;
  /** True where the system tells whether a file has lost its name: some file systems say so of every file. */
  readonly #named: boolean;
  #size: number;
  // Not by the clock of the day, which may be set back.
  #flushed = performance.now();

  constructor(path: string) {
    this.#path = path;
    try {
      const whole = wholeLength(path);
      this.#file = openSync(path, 'a');
      if (whole !== undefined) ftruncateSync(this.#file, whole);
      const { size, nlink } = fstatSync(this.#file);
      this.#size = size;
      this.#named = nlink > 0;
    } catch (thrown) {
      throw writeFailure(thrown, path);
    }
  }

  /** Appends one line (no newline in it). Throws `RunError` when it does not fit; then nothing of it stays. */
  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
      this.#size += bytes.length;
    } catch (thrown) {
      this.#cutBack();
      throw writeFailure(thrown, this.#path);
    }
    if (performance.now() - this.#flushed >= FLUSH_EVERY) this.flush();
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#file, this.#size);
    } catch {
      // The torn line stays; every reader drops it, and the next writer cuts it off.
    }
  }

  /** The length of the file in bytes: whole lines only. */
  get size(): number {
    return this.#size;
  }

  /**
   * Brings all lines to the disk itself. Throws `RunError` where that fails, or where the file has been removed: lines
   * can still be appended to it then, and nobody will ever read them.
   */
  flush(): void {
    try {
      fdatasyncSync(this.#file);
    } catch (thrown) {
      throw writeFailure(thrown, this.#path);
    }
    if (this.#named && fstatSync(this.#file).nlink === 0) {
      throw new RunError({
        what: 'this was removed while the run was at work',
        file: this.#path,
        remedy: 'Run the experiment again.',
      });
    }
    this.#flushed = performance.now();
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The length of a file up to its last newline, where it does not end in one; undefined where nothing is torn. */
function wholeLength(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  if (bytes.length === 0 || bytes.at(-1) === NEWLINE) return undefined;
  return bytes.lastIndexOf(NEWLINE) + 1;
}

/**
 * Keeps the lines of a file that `keep` accepts, atomically: a reader sees all the lines of before or those kept.
 * A torn last line goes.
 */
export function filterLines(path: string, keep: (line: string) => boolean): void {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1).toString('utf8');
  const kept = whole
    .split('\n')
    .filter((line) => line !== '' && keep(line))
    .map((line) => `${line}\n`)
    .join('');
  if (kept.length !== bytes.length) writeFileAtomic(path, kept);
}

/** Most bytes read at once, and the longest line that is waited for. */
const CHUNK = 1 << 20;

/** Reads the lines that are appended to a file, from wherever it last stopped. A torn last line is waited for. */
export class LineTail {
  readonly #path: string;
  #offset: number;

  /** Reads from `offset` on, which is where a line begins. */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** The whole lines that are new since the last call; none while the file is not there. */
  read(): string[] {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return [];
      throw thrown;
    }
    try {
      const { size } = fstatSync(file);
      // Cut back by a resumed run: what is left has been read.
      if (size < this.#offset) this.#offset = size;
      const lines: string[] = [];
      const buffer = Buffer.alloc(Math.min(CHUNK, Math.max(1, size - this.#offset)));
      for (;;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#offset);
        const end = buffer.subarray(0, length).lastIndexOf(NEWLINE) + 1;
        if (end === 0) {
          // No line is that long: skip what cannot be one.
          if (length === CHUNK) this.#offset += length;
          if (length < CHUNK) return lines;
          continue;
        }
        this.#offset += end;
        lines.push(...buffer.toString('utf8', 0, end - 1).split('\n'));
      }
    } finally {
      closeSync(file);
    }
  }
}

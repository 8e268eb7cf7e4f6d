import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AsyncTail } from '../tail';
import { type CachedRun, encodeRuns } from './packed';

/** The first line of the file: another version is not read. */
const HEADER = JSON.stringify({ eigenloom: 'runs', formatVersion: 5 });

/** A file that keeps what is known of runs between sessions. */
export class RunsCache {
  /** True where the file is known to begin with the header. */
  #begun = false;

  constructor(readonly file: string) {}

  /**
   * Tells what an earlier session knew; where a run stands twice, what is told last counts. A file that is damaged, or
   * of another version, is worth nothing: the runs are read again.
   */
  async read(decoder: { decode(line: string): void }): Promise<void> {
    let begun = false;
    for await (const { lines } of new AsyncTail(this.file).read()) {
      if (!begun && lines[0] !== HEADER) return;
      for (const line of begun ? lines : lines.slice(1)) decoder.decode(line);
      begun = true;
    }
    this.#begun ||= begun;
  }

  /** Adds lines of `encodeRuns` as they are. */
  async append(lines: readonly string[]): Promise<void> {
    if (!this.#begun) return this.replace(lines);
    const handle = await fs.open(this.file, 'a');
    try {
      await writeLines(handle, lines);
    } finally {
      await handle.close();
    }
  }

  /** Writes what this session knows, whole or not at all, and in pieces that keep nobody waiting. */
  async write(runs: readonly CachedRun[]): Promise<void> {
    await this.replace(encodeRuns(runs));
  }

  private async replace(lines: Iterable<string>): Promise<void> {
    const draft = `${this.file}.${process.pid}.tmp`;
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    try {
      const handle = await fs.open(draft, 'w');
      try {
        await writeLines(handle, [`${HEADER}\n`]);
        await writeLines(handle, lines);
      } finally {
        await handle.close();
      }
      await fs.rename(draft, this.file);
      this.#begun = true;
    } catch (thrown) {
      await fs.rm(draft, { force: true });
      throw thrown;
    }
  }
}

/** Writes lines one by one, each in one piece: another window may be adding its own. */
async function writeLines(handle: fs.FileHandle, lines: Iterable<string>): Promise<void> {
  for (const line of lines) await handle.writeFile(line);
}

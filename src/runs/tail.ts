import * as fs from 'node:fs/promises';
import { errorCode } from './files';

const NEWLINE = 0x0a;

/** Most bytes read at once, but for a longer line: parsing their lines takes a few milliseconds. */
const CHUNK = 256 << 10;
/** No line is longer. */
const LONGEST = 16 << 20;

/** What is new in a file. */
export interface TailChunk {
  /** The file was cut back or replaced: what was read before is void, and these lines begin at its start. */
  readonly restarted: boolean;
  readonly lines: readonly string[];
}

/**
 * Reads the lines that are appended to a file, in chunks and without ever keeping this thread waiting. A torn last
 * line is waited for. A resumed run cuts its metrics back, by a new file in place of the old: then it begins anew.
 */
export class AsyncTail {
  #offset = 0;
  #file: string | undefined;

  constructor(private readonly path: string) {}

  /** The chunks that are new since the last call, in order; none while the file is not there. */
  async *read(): AsyncGenerator<TailChunk> {
    let handle: fs.FileHandle;
    try {
      handle = await fs.open(this.path, 'r');
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      throw thrown;
    }
    try {
      const { ino, size } = await handle.stat();
      let restarted = (this.#file !== undefined && this.#file !== String(ino)) || size < this.#offset;
      if (restarted) this.#offset = 0;
      this.#file = String(ino);
      let most = CHUNK;
      while (this.#offset < size || restarted) {
        const buffer = Buffer.allocUnsafe(Math.min(most, size - this.#offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
        if (end === 0 && bytesRead === most && most < LONGEST) {
          most *= 2;
          continue;
        }
        // What cannot be a line is skipped.
        this.#offset += end === 0 && bytesRead === most ? bytesRead : end;
        if (end > 0 || restarted) {
          yield { restarted, lines: end === 0 ? [] : buffer.toString('utf8', 0, end - 1).split('\n') };
        }
        restarted = false;
        if (end === 0 && bytesRead < most) return;
        most = CHUNK;
      }
    } finally {
      await handle.close();
    }
  }
}

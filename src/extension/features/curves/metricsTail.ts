import { open, type FileHandle } from 'node:fs/promises';
import { errorCode } from '../../../runs/files';

const NEWLINE = 0x0a;
/** Bytes read at once: a few milliseconds of parsing. */
const CHUNK = 64 << 10;

/** What a read came to. */
export type TailEvent =
  /** The file is another one now, or was cut back: all lines before are void. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'lines'; readonly lines: readonly string[]; readonly fraction: number };

/**
 * Follows a growing file of lines in small pieces, without waiting for the disk. A file that was replaced or has become
 * shorter is read from its beginning: a resumed run cuts its metrics back to its checkpoint. A torn last line is
 * waited for.
 */
export class MetricsTail {
  #offset = 0;
  #identity: bigint | undefined;

  constructor(private readonly path: string) {}

  /** What is new. Stop early by leaving the loop: the rest comes next time. */
  async *read(): AsyncGenerator<TailEvent> {
    const file = await this.open();
    if (file === undefined) {
      if (this.forget()) yield { kind: 'restarted' };
      return;
    }
    try {
      const { ino, size: bytes } = await file.stat({ bigint: true });
      const size = Number(bytes);
      if ((this.#identity !== undefined && ino !== this.#identity) || size < this.#offset) {
        this.forget();
        yield { kind: 'restarted' };
      }
      this.#identity = ino;
      let buffer = Buffer.alloc(Math.min(CHUNK, Math.max(1, size - this.#offset)));
      while (this.#offset < size) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        const whole = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
        if (whole > 0) {
          this.#offset += whole;
          const lines = buffer.toString('utf8', 0, whole - 1).split('\n');
          yield { kind: 'lines', lines, fraction: this.#offset / size };
        } else if (bytesRead < buffer.length) return;
        // No line's end in all of it: the line is longer.
        else buffer = Buffer.alloc(buffer.length * 2);
      }
    } finally {
      await file.close();
    }
  }

  private async open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, 'r');
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  /** Whether there was anything to forget. */
  private forget(): boolean {
    const had = this.#offset > 0;
    this.#offset = 0;
    this.#identity = undefined;
    return had;
  }
}

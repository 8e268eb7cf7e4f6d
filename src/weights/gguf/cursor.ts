import * as fs from 'node:fs';
import { InputError } from '../../base/errors';

const WINDOW = 1 << 20;
/** The longest string a header may hold: chat templates and token texts are far below. */
const LONGEST_STRING = 16 * 1024 * 1024;

/**
 * Reads little-endian numbers and strings one after the other from a file, through a window of 1 MiB. Nothing is
 * allocated for a length or a count before it is known that the file has as many bytes left.
 */
export class Cursor {
  /** Position in the file of the next byte. */
  position = 0;
  private window = new Uint8Array(0);
  private windowStart = 0;

  constructor(
    private readonly descriptor: number,
    readonly file: string,
    readonly size: number,
  ) {}

  get remaining(): number {
    return this.size - this.position;
  }

  /** The next `length` bytes, valid until the next call. */
  private take(length: number, what: string): DataView {
    if (length > this.remaining) {
      throw new InputError({
        what: `the file ends inside ${what}`,
        file: this.file,
        got: `${this.remaining} bytes left at byte ${this.position}`,
        expected: `${length} more`,
        remedy: 'Copy or download the file again.',
      });
    }
    let at = this.position - this.windowStart;
    if (at < 0 || at + length > this.window.length) {
      this.refill(length);
      at = 0;
    }
    this.position += length;
    return new DataView(this.window.buffer, this.window.byteOffset + at, length);
  }

  private refill(length: number): void {
    const window = new Uint8Array(Math.min(Math.max(length, WINDOW), this.remaining));
    let done = 0;
    while (done < window.length) {
      const read = fs.readSync(this.descriptor, window, done, window.length - done, this.position + done);
      if (read === 0)
        throw new InputError({ what: 'the file became shorter while it was read', file: this.file });
      done += read;
    }
    this.window = window;
    this.windowStart = this.position;
  }

  u8 = (what: string): number => this.take(1, what).getUint8(0);
  i8 = (what: string): number => this.take(1, what).getInt8(0);
  u16 = (what: string): number => this.take(2, what).getUint16(0, true);
  i16 = (what: string): number => this.take(2, what).getInt16(0, true);
  u32 = (what: string): number => this.take(4, what).getUint32(0, true);
  i32 = (what: string): number => this.take(4, what).getInt32(0, true);
  f32 = (what: string): number => this.take(4, what).getFloat32(0, true);
  f64 = (what: string): number => this.take(8, what).getFloat64(0, true);
  u64 = (what: string): bigint => this.take(8, what).getBigUint64(0, true);
  i64 = (what: string): bigint => this.take(8, what).getBigInt64(0, true);

  /** A 64-bit number of things of at least `bytesEach` bytes that follow: more than the file has left is refused. */
  count(bytesEach: number, what: string): number {
    const count = this.u64(what);
    if (count * BigInt(bytesEach) > BigInt(this.remaining)) {
      throw new InputError({
        what: `${what} is larger than the file can hold`,
        file: this.file,
        got: count.toString(),
        expected: `at most ${Math.floor(this.remaining / bytesEach)} (${this.remaining} bytes are left)`,
        remedy: 'Copy or download the file again.',
      });
    }
    return Number(count);
  }

  /** A string: 64-bit length, UTF-8 bytes (ill-formed ones become U+FFFD, as token texts may be cut mid-character). */
  string(what: string): string {
    const length = this.count(1, `the length of ${what}`);
    if (length > LONGEST_STRING) {
      throw new InputError({
        what: `${what} is too long`,
        file: this.file,
        got: `${length} bytes`,
        expected: `at most ${LONGEST_STRING}`,
      });
    }
    const bytes = this.take(length, what);
    return decoder.decode(bytes);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

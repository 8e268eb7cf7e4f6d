import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InputError, toError } from '../../base/errors';

const CHUNK_BYTES = 1 << 20;

function unreadable(file: string, thrown: unknown): InputError {
  if (thrown instanceof InputError) return thrown;
  const error = toError(thrown);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return new InputError({ what: 'the data file does not exist', file });
  if (code === 'EISDIR') {
    return new InputError({
      what: 'the path is a folder',
      file,
      expected: 'a file',
      remedy: 'Name the files in it.',
    });
  }
  return new InputError({ what: `the data file cannot be read: ${error.message}`, file }, { cause: error });
}

async function* byteChunks(file: string): AsyncGenerator<Buffer> {
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: CHUNK_BYTES });
    yield* stream;
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

/** SHA-256 of a file's bytes, in hexadecimal; an InputError where it cannot be read. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of byteChunks(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** Length of the UTF-8 sequence that begins at `at`, or 0 where the bytes there are none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** Reads the file a second time to say where its first byte stands that is not UTF-8. */
async function notUtf8(file: string): Promise<InputError> {
  let line = 1;
  let column = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of byteChunks(file)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const length = sequenceLength(bytes, at);
      if (length === 0) {
        if (bytes.length - at < 4) break;
        const wide = line === 1 && column === 1 && (bytes[0] === 0xff || bytes[0] === 0xfe);
        const byte = (bytes[at] ?? 0).toString(16).padStart(2, '0');
        return new InputError({
          what: 'the data file is not UTF-8',
          file,
          line,
          column,
          got: wide ? 'the byte order mark of UTF-16' : `byte 0x${byte}`,
          remedy: 'Save the file as UTF-8.',
        });
      }
      if (bytes[at] === 0x0a) {
        line++;
        column = 1;
      } else {
        column++;
      }
      at += length;
    }
    rest = bytes.subarray(at);
  }
  return new InputError({
    what: 'the data file ends in the middle of a UTF-8 character',
    file,
    line,
    column,
    remedy: 'The file may be cut short: fetch or save it again.',
  });
}

/**
 * The text of a file, a part at a time, without a byte order mark. Parts end anywhere but within a character. An
 * InputError names line and column of the first byte that is not UTF-8, or says why the file cannot be read.
 */
export async function* textChunks(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = async (bytes?: Buffer): Promise<string> => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw await notUtf8(file);
    }
  };
  for await (const bytes of byteChunks(file)) {
    const text = await decode(bytes);
    if (text !== '') yield text;
  }
  await decode();
}

import * as fs from 'node:fs';
import { InputError, toError } from '../../base/errors';
import { Cursor } from './cursor';
import { readTensorTable, type GgufTensor } from './tensors';

/** A metadata value. 64-bit numbers are numbers where these hold them exactly. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x4655_4747;
const DEEPEST_ARRAY = 4;

/**
 * Reads and checks the header of a GGUF file (versions 2 and 3, little-endian): metadata, then where each tensor
 * lies. After this every tensor's bytes are known to lie in the file and to fit its shape.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @throws InputError naming the file, the key or tensor, what was found and what was expected
 */
export function readGgufHeader(file: string): GgufHeader {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, 'r');
  } catch (thrown) {
    throw new InputError(
      { what: 'the file cannot be opened', file, got: toError(thrown).message },
      { cause: thrown },
    );
  }
  try {
    return parse(new Cursor(descriptor, file, fs.fstatSync(descriptor).size));
  } finally {
    fs.closeSync(descriptor);
  }
}

function parse(cursor: Cursor): GgufHeader {
  const { file } = cursor;
  const version = readVersion(cursor);
  // A tensor entry is at least a name's length, a number of dimensions, a type and an offset; a pair is at least
  // a key's length, a type and one byte.
  const tensorCount = cursor.count(24, 'the number of tensors');
  const pairCount = cursor.count(13, 'the number of metadata entries');
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = cursor.string('a metadata key');
    if (metadata.has(key)) throw new InputError({ what: 'the metadata key stands twice', file, key });
    metadata.set(key, readValue(cursor, cursor.u32('a metadata type'), `metadata '${key.slice(0, 100)}'`, 0));
  }
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 20 || !Number.isInteger(alignment)) {
    throw new InputError({
      what: 'impossible alignment',
      file,
      key: 'general.alignment',
      got: String(alignment),
      expected: 'a whole number of bytes, such as 32',
    });
  }
  return { version, metadata, tensors: readTensorTable(cursor, tensorCount, alignment) };
}

function readVersion(cursor: Cursor): number {
  const { file } = cursor;
  if (cursor.u32('the magic number') !== MAGIC) {
    throw new InputError({
      what: 'this is not a GGUF file',
      file,
      expected: "'GGUF' as the first four bytes",
      remedy: "Copy or download the file again. (A Git LFS pointer needs 'git lfs pull'.)",
    });
  }
  const version = cursor.u32('the version');
  if (version !== 2 && version !== 3) {
    const bigEndian = version > 0 && (version & 0xffff) === 0;
    throw new InputError({
      what: bigEndian ? 'this is a big-endian GGUF file' : 'this GGUF version is not read',
      file,
      got: bigEndian ? 'big-endian' : `version ${version}`,
      expected: 'version 2 or 3, little-endian',
      remedy: 'Convert the model again with a current llama.cpp.',
    });
  }
  return version;
}

/** Fewest bytes a value of each type takes, by its number; also the list of the types there are. */
const SMALLEST = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

function readValue(cursor: Cursor, type: number, what: string, depth: number): GgufValue {
  switch (type) {
    case 0:
      return cursor.u8(what);
    case 1:
      return cursor.i8(what);
    case 2:
      return cursor.u16(what);
    case 3:
      return cursor.i16(what);
    case 4:
      return cursor.u32(what);
    case 5:
      return cursor.i32(what);
    case 6:
      return cursor.f32(what);
    case 7:
      return cursor.u8(what) !== 0;
    case 8:
      return cursor.string(what);
    case 9:
      return readArray(cursor, what, depth);
    case 10:
      return narrow(cursor.u64(what));
    case 11:
      return narrow(cursor.i64(what));
    case 12:
      return cursor.f64(what);
    default:
      throw new InputError({
        what: `${what} has an unknown type`,
        file: cursor.file,
        got: `type ${type} at byte ${cursor.position}`,
        expected: `0 to ${SMALLEST.length - 1}`,
        remedy: 'Copy or download the file again.',
      });
  }
}

function readArray(cursor: Cursor, what: string, depth: number): GgufValue[] {
  const type = cursor.u32(what);
  const count = cursor.count(SMALLEST[type] ?? 1, `the length of ${what}`);
  if (depth >= DEEPEST_ARRAY) {
    throw new InputError({
      what: `${what} is nested too deep`,
      file: cursor.file,
      expected: `at most ${DEEPEST_ARRAY}`,
    });
  }
  const values: GgufValue[] = [];
  for (let i = 0; i < count; i++) values.push(readValue(cursor, type, what, depth + 1));
  return values;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

import { InputError } from '../../base/errors';
import type { Encoding } from '../encodings';
import type { Cursor } from './cursor';
import { SUPPORTED_TYPES, typeEncoding, typeName } from './types';

/**
 * One tensor of a GGUF file. `shape` is row-major, as everywhere else here (the file lists the fastest dimension
 * first); `offset` and `length` in bytes, from the file's beginning.
 */
export interface GgufTensor {
  readonly shape: readonly number[];
  readonly encoding: Encoding;
  readonly offset: number;
  readonly length: number;
}

/** ggml's own limit is 4. */
const MOST_DIMENSIONS = 8;

/** Reads the table of tensors, which ends the header; `alignment` is that of the data that follows. */
export function readTensorTable(
  cursor: Cursor,
  count: number,
  alignment: number,
): ReadonlyMap<string, GgufTensor> {
  const entries: (readonly [string, GgufTensor])[] = [];
  for (let i = 0; i < count; i++) entries.push(readEntry(cursor));
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const [name, tensor] of entries) {
    if (tensors.has(name))
      throw new InputError({ what: 'the tensor stands twice', file: cursor.file, tensor: name });
    tensors.set(name, placed(cursor, name, tensor, dataStart, alignment));
  }
  checkOverlap(cursor.file, tensors);
  return tensors;
}

/** One entry, its offset still relative to the data. */
function readEntry(cursor: Cursor): readonly [string, GgufTensor] {
  const { file } = cursor;
  const tensor = cursor.string('the name of a tensor');
  const what = `the entry of tensor '${tensor.slice(0, 100)}'`;
  const dimensions = cursor.u32(what);
  if (dimensions > MOST_DIMENSIONS) {
    throw new InputError({
      what: 'too many dimensions',
      file,
      tensor,
      got: `${dimensions}`,
      expected: `at most ${MOST_DIMENSIONS}`,
    });
  }
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) shape.unshift(safe(cursor.u64(what)));
  const type = cursor.u32(what);
  const offset = safe(cursor.u64(what));
  const encoding = typeEncoding(type);
  if (encoding === undefined) {
    throw new InputError({
      what: `tensors of type ${typeName(type)} are not read`,
      file,
      tensor,
      got: typeName(type),
      expected: `one of ${SUPPORTED_TYPES.join(', ')}`,
      remedy: 'Get the model in one of these types; Q8_0 loses the least.',
    });
  }
  const width = shape.at(-1) ?? 1;
  const count = shape.reduce((product, size) => product * size, 1);
  const length = (count / encoding.blockSize) * encoding.blockBytes;
  if (width % encoding.blockSize !== 0 || !Number.isSafeInteger(count) || !Number.isSafeInteger(length)) {
    throw new InputError({
      what: 'impossible shape',
      file,
      tensor,
      got: `[${shape.join(', ')}] of ${encoding.name}`,
      expected: `rows of a multiple of ${encoding.blockSize} numbers`,
    });
  }
  return [tensor, { shape, encoding, offset, length }];
}

function safe(value: bigint): number {
  // What is not exact is far beyond any file: infinity fails every check that follows.
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.POSITIVE_INFINITY;
}

function placed(
  cursor: Cursor,
  name: string,
  tensor: GgufTensor,
  dataStart: number,
  alignment: number,
): GgufTensor {
  const offset = dataStart + tensor.offset;
  if (tensor.offset % alignment !== 0 || offset + tensor.length > cursor.size) {
    const inside = offset + tensor.length <= cursor.size;
    throw new InputError({
      what: inside ? 'the tensor is not aligned' : 'the file is truncated: the tensor lies beyond its end',
      file: cursor.file,
      tensor: name,
      got: inside ? `offset ${tensor.offset}` : `${cursor.size} bytes`,
      expected: inside ? `a multiple of ${alignment}` : `at least ${offset + tensor.length}`,
      remedy: 'Copy or download the file again.',
    });
  }
  return { ...tensor, offset };
}

function checkOverlap(file: string, tensors: ReadonlyMap<string, GgufTensor>): void {
  let end = 0;
  for (const [tensor, { offset, length }] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset)) {
    if (length === 0) continue;
    if (offset < end) {
      throw new InputError({
        what: 'the tensor overlaps another one',
        file,
        tensor,
        got: `byte ${offset}`,
        expected: `byte ${end} or later`,
        remedy: 'Copy or download the file again.',
      });
    }
    end = offset + length;
  }
}

import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { readExactly, withFile } from '../files';
import { duplicateKey, parseJson } from '../json';

/** One tensor of a safetensors file: `offset` and `length` in bytes, from the file's beginning. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bits of one number of each type of the format (some newer ones are narrower than a byte). */
const BITS: ReadonlyMap<string, number> = new Map([
  ['F64', 64],
  ['F32', 32],
  ['F16', 16],
  ['BF16', 16],
  ['I64', 64],
  ['I32', 32],
  ['I16', 16],
  ['I8', 8],
  ['U64', 64],
  ['U32', 32],
  ['U16', 16],
  ['U8', 8],
  ['BOOL', 8],
  ['F8_E4M3', 8],
  ['F8_E5M2', 8],
  ['F8_E8M0', 8],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['F4', 4],
  ['C64', 64],
]);

/** The format's own limit; the reference implementation refuses more as well. */
const LARGEST_HEADER = 100_000_000;
const DOWNLOAD_AGAIN = 'Copy or download the file again.';

/** Bytes of one number, or undefined for an unknown type or one narrower than a byte. */
export function bytesPerNumber(dtype: string): number | undefined {
  const bits = BITS.get(dtype);
  return bits === undefined || bits < 8 ? undefined : bits / 8;
}

/**
 * Reads and checks the header of a safetensors file: 8 bytes of length (little-endian), JSON, then the data. After
 * this, every tensor's bytes are known to lie in the file, to fit its shape, and to belong to it alone.
 * @throws InputError naming the file, the tensor, what was found and what was expected
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  return withFile(file, async (handle) => {
    const { size } = await handle.stat();
    if (size < 8) {
      throw new InputError({
        what: 'the file is too short to be a safetensors file',
        file,
        got: `${size} bytes`,
        expected: 'at least 8',
        remedy: DOWNLOAD_AGAIN,
      });
    }
    const head = new Uint8Array(8);
    await readExactly(handle, file, head, 0);
    const length = new DataView(head.buffer).getBigUint64(0, true);
    if (length > BigInt(Math.min(size - 8, LARGEST_HEADER))) {
      const tooShort = length <= BigInt(LARGEST_HEADER);
      throw new InputError({
        what: tooShort ? 'the file ends inside its header' : 'this is not a safetensors file',
        file,
        got: tooShort ? `${size} bytes` : `a header of ${length.toString()} bytes`,
        expected: tooShort ? `more than ${(length + 8n).toString()}` : `at most ${LARGEST_HEADER}`,
        remedy: `${DOWNLOAD_AGAIN} (A Git LFS pointer needs 'git lfs pull'.)`,
      });
    }
    const json = new Uint8Array(Number(length));
    await readExactly(handle, file, json, 8);
    return parseHeader(json, file, size);
  });
}

function parseHeader(json: Uint8Array, file: string, fileSize: number): SafetensorsHeader {
  const text = new TextDecoder().decode(json);
  const parsed = parseJson(text, file);
  if (!isRecord(parsed)) {
    throw new InputError({ what: 'the header is not a JSON object', file, remedy: DOWNLOAD_AGAIN });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new InputError({
      what: `the header has the key '${twice}' twice`,
      file,
      remedy: 'Write the file again with the safetensors library.',
    });
  }
  const dataStart = 8 + json.length;
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '__metadata__') metadata = parseMetadata(value, file);
    else tensors.set(name, parseEntry(name, value, file, dataStart));
  }
  checkCover(tensors, file, dataStart, fileSize);
  return { tensors, metadata };
}

function parseMetadata(value: unknown, file: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  for (const [key, text] of isRecord(value) ? Object.entries(value) : [['', undefined] as const]) {
    if (typeof text !== 'string') {
      throw new InputError({
        what: 'the metadata is not a table of strings',
        file,
        key: '__metadata__',
        remedy: DOWNLOAD_AGAIN,
      });
    }
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, file: string, dataStart: number): SafetensorsEntry {
  const refuse = (what: string, got: string, expected: string): never => {
    throw new InputError({
      what,
      file,
      tensor: name,
      got,
      expected,
      remedy: DOWNLOAD_AGAIN,
    });
  };
  if (!isRecord(value)) return refuse('the header entry is not an object', show(value), 'an object');
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' ? BITS.get(dtype) : undefined;
  if (typeof dtype !== 'string' || bits === undefined) {
    return refuse('unknown number type', show(dtype), [...BITS.keys()].join(', '));
  }
  if (!isCounts(shape))
    return refuse('the shape is not a list of sizes', show(shape), 'whole numbers from 0');
  if (!isCounts(offsets) || offsets.length !== 2) {
    return refuse('data_offsets is not a pair of byte positions', show(offsets), '[begin, end]');
  }
  const [begin = 0, end = 0] = offsets;
  const count = shape.reduce((product, size) => product * size, 1);
  const length = Math.ceil((count * bits) / 8);
  if (!Number.isSafeInteger(length) || end - begin !== length) {
    return refuse(
      'the header lies about the size of the tensor',
      `data_offsets [${begin}, ${end}], which are ${end - begin} bytes`,
      `${length} bytes for ${dtype} [${shape.join(', ')}]`,
    );
  }
  return { dtype, shape, offset: dataStart + begin, length };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The tensors, in the order of their bytes, must fill the data exactly: no overlap, no hole, nothing beyond the end. */
function checkCover(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  file: string,
  dataStart: number,
  fileSize: number,
): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let at = dataStart;
  for (const [tensor, { offset, length }] of ordered) {
    if (offset !== at) {
      throw new InputError({
        what: offset < at ? 'the tensor overlaps another one' : 'there is a hole before the tensor',
        file,
        tensor,
        got: `begin ${offset - dataStart}`,
        expected: `begin ${at - dataStart}`,
        remedy: DOWNLOAD_AGAIN,
      });
    }
    at += length;
    if (at > fileSize) {
      const last = ordered.at(-1)?.[1];
      throw new InputError({
        what: 'the file is truncated: the tensor lies beyond its end',
        file,
        tensor,
        got: `${fileSize} bytes`,
        expected: `${last === undefined ? at : last.offset + last.length} bytes`,
        remedy: DOWNLOAD_AGAIN,
      });
    }
  }
  if (at !== fileSize) {
    throw new InputError({
      what: 'the file is longer than its header says',
      file,
      got: `${fileSize} bytes`,
      expected: `${at} bytes`,
      remedy: DOWNLOAD_AGAIN,
    });
  }
}

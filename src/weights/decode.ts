import type * as fs from 'node:fs/promises';
import { InputError } from '../base/errors';
import { readExactly, withFile } from './files';
import type { StoredTensor } from './source';

/** Numbers decoded at a time: 4 MiB of f32, so that memory stays small and the cache is used. */
const CHUNK = 1 << 20;

/** Numbers in a tensor. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Decodes a tensor to f32 piece by piece, in row-major order. The array that is yielded is used again for the next
 * piece.
 */
export async function* decodeTensor(
  handle: fs.FileHandle,
  name: string,
  tensor: StoredTensor,
  signal?: AbortSignal,
): AsyncGenerator<Float32Array> {
  const { encoding, interleavedHeads: heads } = tensor;
  if (encoding === undefined) {
    throw new InputError({
      what: `numbers of type ${tensor.dtype} are not read as weights`,
      file: tensor.file,
      tensor: name,
      got: tensor.dtype,
      expected: 'F32, F16, BF16 or F64',
      remedy: 'Get the model in one of these types.',
    });
  }
  const count = elementCount(tensor.shape);
  // Rows change places only within a head, so that a head is a piece there.
  const step =
    heads === undefined ? Math.floor(CHUNK / encoding.blockSize) * encoding.blockSize : count / heads;
  const values = new Float32Array(Math.min(step, count));
  const ordered = heads === undefined ? undefined : new Float32Array(values.length);
  const bytes = new Uint8Array((values.length / encoding.blockSize) * encoding.blockBytes);
  for (let start = 0; start < count; start += step) {
    signal?.throwIfAborted();
    const piece = values.subarray(0, Math.min(step, count - start));
    const pieceBytes = bytes.subarray(0, (piece.length / encoding.blockSize) * encoding.blockBytes);
    const position = tensor.offset + (start / encoding.blockSize) * encoding.blockBytes;
    await readExactly(handle, tensor.file, pieceBytes, position);
    encoding.decode(pieceBytes, piece);
    if (heads === undefined || ordered === undefined) yield piece;
    else {
      separateRows(piece, ordered, (tensor.shape[0] ?? 0) / heads);
      yield ordered;
    }
  }
}

/** Puts a head's interleaved rows in order: 0, 2, 4, … then 1, 3, 5, … */
function separateRows(head: Float32Array, out: Float32Array, rows: number): void {
  const width = head.length / rows;
  for (let row = 0; row < rows; row++) {
    const to = (row & 1) * (rows / 2) + (row >> 1);
    out.set(head.subarray(row * width, (row + 1) * width), to * width);
  }
}

/** A whole tensor as f32. */
export async function readStored(name: string, tensor: StoredTensor): Promise<Float32Array> {
  return withFile(tensor.file, async (handle) => {
    const out = new Float32Array(elementCount(tensor.shape));
    let at = 0;
    for await (const piece of decodeTensor(handle, name, tensor)) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  });
}

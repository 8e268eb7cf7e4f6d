import type * as fs from 'node:fs/promises';
import { GraphError } from '../../base/errors';
import { replaceFile } from '../files';
import { bytesPerNumber } from './header';

/** A piece of a tensor's bytes: any typed array, little-endian, row-major. */
type TensorBytes = NodeJS.ArrayBufferView;

/** A tensor to write: its bytes at once, or a function that yields them piece by piece (each piece may be reused). */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8' | 'BOOL';
  readonly shape: readonly number[];
  readonly data: TensorBytes | (() => AsyncIterable<TensorBytes>);
}

/**
 * Writes a safetensors file atomically. The header is padded to 8 bytes and wider types come first, so that
 * every tensor lies aligned; tensors of one width keep the order given. Big tensors stream: nothing is held but a piece.
 * @throws GraphError where a tensor's bytes do not fit its shape (ours to mend); RunError where writing fails
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].sort((a, b) => width(b) - width(a));
  const header = encodeHeader(ordered, metadata);
  await replaceFile(file, async (handle) => {
    await writeAll(handle, header);
    for (const tensor of ordered) {
      const expected = byteLength(tensor);
      let written = 0;
      for await (const piece of typeof tensor.data === 'function' ? tensor.data() : [tensor.data]) {
        written += piece.byteLength;
        if (written > expected) break;
        await writeAll(handle, piece);
      }
      if (written !== expected) {
        throw new GraphError({
          what: 'the bytes to write do not fit the shape',
          file,
          tensor: tensor.name,
          got: `${written > expected ? 'more' : written} bytes`,
          expected: `${expected}`,
        });
      }
    }
  });
}

function width({ dtype }: TensorToWrite): number {
  return bytesPerNumber(dtype) ?? 0;
}

function byteLength(tensor: TensorToWrite): number {
  return tensor.shape.reduce((product, size) => product * size, width(tensor));
}

function encodeHeader(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // A Map, since a tensor may bear any name, `__proto__` too.
  const entries = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) entries.set('__metadata__', metadata);
  let at = 0;
  for (const tensor of tensors) {
    if (entries.has(tensor.name))
      throw new GraphError({ what: 'two tensors to write share a name', tensor: tensor.name });
    const end = at + byteLength(tensor);
    entries.set(tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [at, end] });
    at = end;
  }
  const json = [...entries]
    .map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`)
    .join(',');
  const text = new TextEncoder().encode(`{${json}}`);
  const header = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(text, 8);
  return header;
}

async function writeAll(handle: fs.FileHandle, piece: TensorBytes): Promise<void> {
  const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30));
    done += bytesWritten;
  }
}

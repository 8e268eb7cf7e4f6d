import { InputError } from '../../base/errors';
import { readExactly, withFile } from '../files';
import { readSafetensorsHeader } from './header';

/** One f32 tensor in memory. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * All tensors of a small safetensors file of f32 numbers (an adapter, a checkpoint, a decomposition), or those named.
 * @throws InputError where the file is damaged, or holds another type
 */
export async function readSafetensors(
  file: string,
  names?: readonly string[],
): Promise<ReadonlyMap<string, FloatTensor>> {
  const { tensors } = await readSafetensorsHeader(file);
  return withFile(file, async (handle) => {
    const result = new Map<string, FloatTensor>();
    for (const [name, { dtype, shape, offset, length }] of tensors) {
      if (names?.includes(name) === false) continue;
      if (dtype !== 'F32') {
        throw new InputError({
          what: 'the tensor is of a type that is not read here',
          file,
          tensor: name,
          got: dtype,
          expected: 'F32',
        });
      }
      const data = new Float32Array(length / 4);
      await readExactly(handle, file, new Uint8Array(data.buffer), offset);
      result.set(name, { shape, data });
    }
    return result;
  });
}

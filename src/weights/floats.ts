import { readExactly, withFile } from './files';

/** f32 numbers at a place of a file, as `WeightSet` and safetensors headers give it. */
export async function readTensorAt(
  file: string,
  place: { readonly offset: number; readonly length: number },
): Promise<Float32Array> {
  const data = new Float32Array(place.length / 4);
  await withFile(file, (handle) => readExactly(handle, file, new Uint8Array(data.buffer), place.offset));
  return data;
}

import { readFile } from 'node:fs/promises';
import { isRecord, numbersAt, parseRecord } from './decode';

export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * An f32 safetensors file that the reference wrote. A reader apart from the project's own, so that a fault in that
 * one cannot hide itself.
 */
export async function readTensors(path: string): Promise<ReadonlyMap<string, ReferenceTensor>> {
  const bytes = await readFile(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const start = 8 + headerLength;
  const header = parseRecord(bytes.toString('utf8', 8, start));
  const tensors = new Map<string, ReferenceTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isRecord(entry) || entry['dtype'] !== 'F32') throw new Error(`${path}: ${name} is not F32`);
    const [from = 0, to = 0] = numbersAt(entry, 'data_offsets');
    const data = new Float32Array((to - from) / 4);
    for (let i = 0; i < data.length; i++) data[i] = bytes.readFloatLE(start + from + 4 * i);
    tensors.set(name, { shape: numbersAt(entry, 'shape'), data });
  }
  return tensors;
}

/** ||ours - theirs|| / ||theirs||, in f64; Infinity where lengths differ or a value is no number. */
export function relativeDistance(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Infinity;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < theirs.length; i++) {
    const other = theirs[i] ?? 0;
    difference += ((ours[i] ?? 0) - other) ** 2;
    norm += other * other;
  }
  const distance = difference === 0 ? 0 : Math.sqrt(difference / norm);
  return Number.isNaN(distance) ? Infinity : distance;
}

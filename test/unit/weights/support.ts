import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect } from 'vitest';
import { EigenloomError } from '../../../src/base/errors';

/** Runs `use` with an empty folder that is removed afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'weights-')));
  try {
    return await use(folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** The message of the typed error that `work` must end in. */
export async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(EigenloomError);
    return thrown instanceof Error ? thrown.message : '';
  }
  throw new Error('no error was thrown');
}

/** Ends in a result or a typed error; any other error fails the test with its stack. */
export async function resultOrTypedError(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof EigenloomError) || thrown.kind === 'bug') throw thrown;
  }
}

/** The bytes of a safetensors file with any header, right or wrong. */
export function safetensorsBytes(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

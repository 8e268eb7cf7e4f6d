import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { cached } from './cache';
import { withFile } from './files';
import type { WorkOptions } from './source';

const CHUNK = 1 << 22;

/**
 * SHA-256 over the contents of files, in the order given, each hashed on its own. A file's hash is kept in the cache
 * by its path, size and time of change, so that a model is read for it once.
 */
export async function contentHash(
  files: readonly string[],
  cache: string,
  options: WorkOptions = {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await fileHash(file, cache, options));
  return hash.digest('hex');
}

async function fileHash(file: string, cache: string, options: WorkOptions): Promise<string> {
  const real = await fs.realpath(file);
  const { size, mtimeNs, ino } = await fs.stat(real, { bigint: true });
  const key = JSON.stringify([real, String(size), String(mtimeNs), String(ino)]);
  const entry = await cached(
    'hashes',
    key,
    async (target) => fs.writeFile(target, await hashFile(file, options)),
    cache,
  );
  const hash = await fs.readFile(entry, 'utf8').catch(() => '');
  // An entry that someone emptied or removed is worth nothing: hash again.
  return /^[0-9a-f]{64}$/.test(hash) ? hash : hashFile(file, options);
}

async function hashFile(file: string, { signal, onProgress }: WorkOptions): Promise<string> {
  return withFile(file, async (handle) => {
    const hash = createHash('sha256');
    const { size: total } = await handle.stat();
    const chunk = new Uint8Array(Math.min(CHUNK, Math.max(total, 1)));
    for (let done = 0; ;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, done);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
      done += bytesRead;
      onProgress?.({ stage: 'hash', file: path.basename(file), done, total });
    }
  });
}

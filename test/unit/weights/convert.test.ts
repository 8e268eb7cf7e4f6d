import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { converted } from '../../../src/weights/convert';
import { F16 } from '../../../src/weights/encodings';
import type { StoredTensor } from '../../../src/weights/source';
import { inFolder, messageOf } from './support';

describe('converted', () => {
  it('refuses before it writes where the disk is too full, naming needed and free bytes', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'w');
      await fs.writeFile(file, new Uint8Array(2000));
      const tensor: StoredTensor = {
        file,
        dtype: 'F16',
        shape: [10, 100],
        offset: 0,
        length: 2000,
        encoding: F16,
      };
      const cache = path.join(folder, 'cache');
      const work = (free: number) => (): Promise<unknown> =>
        converted(new Map([['w', tensor]]), 'hash', cache, { freeBytes: () => Promise.resolve(free) });
      const message = await messageOf(work(5000));
      expect(message).toMatch(/disk space.*5000 bytes free.*67112864 bytes.*EIGENLOOM_CACHE/);
      expect(await fs.readdir(path.join(cache, 'weights'))).toEqual([]);
      await work(67_112_864)();
      expect(await fs.readdir(path.join(cache, 'weights'))).toHaveLength(1);
    });
  });
});

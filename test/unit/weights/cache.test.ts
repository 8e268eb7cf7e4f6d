import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cached, cacheFolder } from '../../../src/weights/cache';
import { inFolder, messageOf } from './support';

describe('cacheFolder', () => {
  it('is what the environment says, or the usual place', () => {
    const chosen = path.resolve('some', 'where');
    expect(cacheFolder({ EIGENLOOM_CACHE: chosen, XDG_CACHE_HOME: '/x' }, 'linux')).toBe(chosen);
    expect(cacheFolder({ XDG_CACHE_HOME: path.resolve('x') }, 'linux')).toBe(
      path.join(path.resolve('x'), 'eigenloom'),
    );
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toMatch(/\.cache.eigenloom$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Library.Caches.eigenloom$/);
    expect(cacheFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(path.join('L', 'eigenloom', 'cache'));
  });
});

describe('cached', () => {
  it('fills an entry once, a file or a folder', async () => {
    await inFolder(async (cache) => {
      let fills = 0;
      const fill = async (target: string): Promise<void> => {
        fills++;
        await fs.mkdir(target);
        await fs.writeFile(path.join(target, 'x'), 'y');
      };
      const first = await cached('things', 'key', fill, cache);
      expect(await cached('things', 'key', fill, cache)).toBe(first);
      expect(fills).toBe(1);
      expect(await fs.readFile(path.join(first, 'x'), 'utf8')).toBe('y');
      const other = await cached('things', 'other', (target) => fs.writeFile(target, 'z'), cache);
      expect(await fs.readFile(other, 'utf8')).toBe('z');
    });
  });

  it('makes an entry again that was deleted', async () => {
    await inFolder(async (cache) => {
      const fill = (target: string): Promise<void> => fs.writeFile(target, 'z');
      await fs.rm(await cached('things', 'key', fill, cache));
      expect(await fs.readFile(await cached('things', 'key', fill, cache), 'utf8')).toBe('z');
      await fs.rm(path.join(cache, 'things'), { recursive: true });
      expect(await fs.readFile(await cached('things', 'key', fill, cache), 'utf8')).toBe('z');
    });
  });

  it('leaves nothing when filling fails', async () => {
    await inFolder(async (cache) => {
      const fill = async (target: string): Promise<void> => {
        await fs.writeFile(target, 'half');
        throw new Error('killed');
      };
      await expect(cached('things', 'key', fill, cache)).rejects.toThrow('killed');
      expect(await fs.readdir(path.join(cache, 'things'))).toEqual([]);
    });
  });

  it('lets two fill the same entry at once', async () => {
    await inFolder(async (cache) => {
      let waiting = 0;
      let release = (): void => undefined;
      const both = new Promise<void>((resolve) => (release = resolve));
      const fill = async (target: string): Promise<void> => {
        await fs.mkdir(target);
        await fs.writeFile(path.join(target, 'x'), 'same');
        if (++waiting === 2) release();
        await both;
      };
      const entries = await Promise.all([1, 2].map(() => cached('things', 'key', fill, cache)));
      expect(new Set(entries).size).toBe(1);
      expect(await fs.readdir(path.join(cache, 'things'))).toHaveLength(1);
      expect(await fs.readFile(path.join(entries[0] ?? '', 'x'), 'utf8')).toBe('same');
    });
  });

  it('removes what a dead process left long ago, not what another is writing', async () => {
    await inFolder(async (cache) => {
      const folder = path.join(cache, 'things');
      await fs.mkdir(folder);
      await fs.writeFile(path.join(folder, '.old.1.tmp'), '');
      await fs.writeFile(path.join(folder, '.new.1.tmp'), '');
      await fs.utimes(path.join(folder, '.old.1.tmp'), 0, 0);
      await cached('things', 'key', (target) => fs.writeFile(target, ''), cache);
      const names = await fs.readdir(folder);
      expect(names).toContain('.new.1.tmp');
      expect(names).not.toContain('.old.1.tmp');
    });
  });

  it('says what to do where the folder cannot be used', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'file');
      await fs.writeFile(file, '');
      const message = await messageOf(() =>
        cached('things', 'key', () => Promise.resolve(), path.join(file, 'cache')),
      );
      expect(message).toMatch(/is a file, not a folder.*EIGENLOOM_CACHE/);
      const full = Object.assign(new Error('ENOSPC: no space left on device'), {
        code: 'ENOSPC',
        syscall: 'write',
      });
      const noSpace = await messageOf(() => cached('things', 'key', () => Promise.reject(full), folder));
      expect(noSpace).toMatch(/no space left.*Free some space/);
    });
  });
});

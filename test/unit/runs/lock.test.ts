import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockHolder, takeLock } from '../../../src/runs/lock';
import { identifyProcess, isAlive, thisProcess } from '../../../src/runs/process';

let folder = '';
let lock = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eigenloom-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The identity of a process that has ended. */
async function ended(): Promise<{ pid: number; started: string | null }> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  await once(child, 'spawn');
  const identity = identifyProcess(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  if (identity === undefined) throw new Error('the child had no identity');
  expect(isAlive(identity)).toBe(false);
  return identity;
}

describe('a process', () => {
  it('is told apart from one that had its number before', () => {
    const own = thisProcess();
    expect(own.pid).toBe(process.pid);
    expect(own.started).not.toBeNull();
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, started: `${own.started ?? ''}0` })).toBe(false);
    expect(isAlive({ ...own, started: null })).toBe(true);
  });

  it('that never was is not alive', () => {
    for (const pid of [0, -1, 1.5, NaN, 2 ** 31 - 1]) expect(identifyProcess(pid)).toBeUndefined();
  });
});

describe('a lock', () => {
  it('is refused while its process lives, and free afterwards', () => {
    const release = takeLock(lock);
    expect(lockHolder(lock)).toEqual(thisProcess());
    expect(() => takeLock(lock)).toThrow(`process ${process.pid}`);
    release();
    expect(existsSync(lock)).toBe(false);
    takeLock(lock)();
  });

  it('of a dead process, torn or empty, is taken over', async () => {
    const dead = JSON.stringify(await ended());
    for (const content of [dead, '', '{"pid":', '{"pid":"x"}', '[]']) {
      writeFileSync(lock, content);
      expect(lockHolder(lock)).toBeUndefined();
      const release = takeLock(lock);
      expect(JSON.parse(readFileSync(lock, 'utf8'))).toEqual(thisProcess());
      release();
    }
  });

  it('is taken over also where one died in the middle of taking it over', async () => {
    const dead = JSON.stringify(await ended());
    writeFileSync(lock, dead);
    writeFileSync(`${lock}.guard`, dead);
    const release = takeLock(lock);
    expect(existsSync(`${lock}.guard`)).toBe(false);
    release();
  });

  it('stays with whoever is just taking it over', async () => {
    writeFileSync(lock, JSON.stringify(await ended()));
    writeFileSync(`${lock}.guard`, JSON.stringify(thisProcess()));
    expect(() => takeLock(lock)).toThrow('changes hands');
  });
});

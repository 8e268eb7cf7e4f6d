import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type * as Fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { RunError } from '../../../src/base/errors';
import { saveCheckpoint, listCheckpoints } from '../../../src/runs/checkpoints';
import { writeFileAtomic } from '../../../src/runs/files';
import { runPaths } from '../../../src/runs/folder';
import { LineAppender } from '../../../src/runs/lines';
import { freeReserve, makeReserve, writeTrouble } from '../../../src/runs/reserve';

/** Bytes that the disk still takes: writes beyond fail as a full disk does, half-done where they began to fit. */
const disk = vi.hoisted(() => ({ room: Infinity }));

vi.mock('node:fs', async (load) => {
  const real = await load<typeof Fs>();
  const full = (): Error =>
    Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const writeSync = (file: number, bytes: Uint8Array, offset = 0): number => {
    const length = Math.min(bytes.length - offset, disk.room);
    if (length <= 0) throw full();
    disk.room -= length;
    return real.writeSync(file, bytes, offset, length);
  };
  const writeFileSync = (
    target: Fs.PathOrFileDescriptor,
    data: string | Uint8Array,
    options?: Fs.WriteFileOptions,
  ): void => {
    if (data.length > disk.room) {
      real.writeFileSync(target, data.slice(0, disk.room), options);
      disk.room = 0;
      throw full();
    }
    real.writeFileSync(target, data, options);
  };
  return { ...real, writeSync, writeFileSync };
});

const folder = mkdtempSync(join(tmpdir(), 'eigenloom-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a line that does not fit leaves nothing of it, and the next one is whole', () => {
  const file = join(folder, 'm.jsonl');
  const appender = new LineAppender(file);
  appender.append('{"step":1}');
  disk.room = 5;
  expect(() => appender.append('{"step":2}')).toThrow(RunError);
  expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n');
  disk.room = Infinity;
  appender.append('{"step":2}');
  appender.close();
  expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n');
});

it('a record that does not fit leaves the old one, and says what to do', () => {
  const file = join(folder, 'run.json');
  writeFileAtomic(file, '{"a":1}');
  disk.room = 3;
  expect(() => writeFileAtomic(file, '{"a":2}')).toThrow(/the disk is full\. Free some space/u);
  disk.room = Infinity;
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}');
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('a checkpoint that does not fit leaves those before it', async () => {
  const fs = await import('node:fs');
  const root = join(folder, 'checkpoints');
  const write = (at: string): void => fs.writeFileSync(join(at, 'state'), 'x'.repeat(100));
  await saveCheckpoint(root, 1, 1, write);
  disk.room = 50;
  await expect(saveCheckpoint(root, 2, 1, write)).rejects.toThrow('the disk is full');
  disk.room = Infinity;
  expect(readdirSync(root)).toEqual(['step-1']);
  expect(listCheckpoints(root).map(({ step }) => step)).toEqual([1]);
});

it('what is kept in reserve is given back, and nothing of it stays where there is no room for it', () => {
  const paths = runPaths(mkdtempSync(join(folder, 'run-')));
  makeReserve(paths);
  expect(readdirSync(paths.folder)).toEqual(['reserve']);
  freeReserve(paths);
  freeReserve(paths);
  expect(readdirSync(paths.folder)).toEqual([]);
  disk.room = 100;
  expect(() => makeReserve(paths)).toThrow('the disk is full');
  disk.room = Infinity;
  expect(readdirSync(paths.folder)).toEqual([]);
});

it('what keeps a run from being written is found out by trying, without a trace', () => {
  const run = mkdtempSync(join(folder, 'run-'));
  expect(writeTrouble(run)).toBeUndefined();
  disk.room = 0;
  expect(writeTrouble(run)?.message).toMatch(`${run}: the disk is full. Free some space`);
  disk.room = Infinity;
  expect(writeTrouble(join(run, 'none'))?.message).toContain('cannot be written');
  expect(readdirSync(run)).toEqual([]);
});

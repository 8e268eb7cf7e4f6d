import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeRunRecord, unknownFields } from '../../../src/protocol/run/decode';
import { decodeEvent, decodeMetricLine } from '../../../src/protocol/run/lines';
import type { RunRecord } from '../../../src/protocol/run/record';
import { differences } from '../../../src/runs/diff';
import { createRun, type RunPaths } from '../../../src/runs/folder';
import { takeLock } from '../../../src/runs/lock';
import { thisProcess } from '../../../src/runs/process';
import { findRun, listRuns, MAY_WAIT, readRun, removeRun } from '../../../src/runs/store';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'eigenloom-store-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function make(name: string, change: Partial<RunRecord> = {}): Promise<RunPaths> {
  return createRun(root, {
    name,
    config: Buffer.from('# as it was\r\n'),
    record: (id, created): RunRecord => ({
      formatVersion: 1,
      id,
      name,
      status: 'queued',
      created: created.toISOString(),
      config: {},
      source: { file: 'x', overrides: [] },
      seed: 1,
      ...change,
    }),
  });
}

describe('a run folder', () => {
  it('has an id that sorts by time and survives any name', async () => {
    const { folder, config } = await make('Größe ../x: 100 %!');
    expect(basename(folder)).toMatch(/^\d{8}-\d{6}-gro-e-x-100-[0-9a-z]{4}$/u);
    expect(basename((await make('日本')).folder)).toMatch(/-run-[0-9a-z]{4}$/u);
    expect(readFileSync(config, 'utf8')).toBe('# as it was\r\n');
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is interrupted where its trainer is gone', async () => {
    const own = thisProcess();
    const alive = await make('a', { status: 'running', process: own });
    const gone = await make('b', { status: 'running', process: { ...own, started: 'earlier' } });
    const never = await make('c', { status: 'paused' });
    const done = await make('d', { status: 'done', process: { ...own, started: 'earlier' } });
    const statuses = [alive, gone, never, done].map(({ folder }) => readRun(folder, decodeRunRecord).status);
    expect(statuses).toEqual(['running', 'interrupted', 'interrupted', 'done']);
  });

  it('is interrupted where it has waited for a trainer for too long', async () => {
    const { folder, record, lock } = await make('a');
    const status = (): string => readRun(folder, decodeRunRecord).status;
    expect(status()).toBe('queued');
    const longAgo = new Date(Date.now() - 2 * MAY_WAIT);
    utimesSync(record, longAgo, longAgo);
    expect(status()).toBe('interrupted');
    const release = takeLock(lock);
    expect(status()).toBe('queued');
    release();
  });

  it('is found by path, id or the beginning of one', async () => {
    const one = await make('one', { created: '2026-01-01T00:00:00.000Z' });
    const two = await make('two', { created: '2026-01-02T00:00:00.000Z' });
    expect(findRun(one.folder, 'nowhere')).toBe(one.folder);
    expect(findRun(basename(two.folder), root)).toBe(two.folder);
    expect(findRun(basename(two.folder).slice(0, -3), root)).toBe(two.folder);
    expect(() => findRun('20', root)).toThrow('more than one run begins so');
    expect(() => findRun('nothing', root)).toThrow(basename(one.folder));
    expect(() => findRun('', root)).toThrow();
    expect(listRuns(root, decodeRunRecord).runs.map(({ record }) => record.name)).toEqual(['two', 'one']);
  });

  it('is removed whole, unless a trainer works on it', async () => {
    const { folder, lock } = await make('one');
    const release = takeLock(lock);
    expect(() => removeRun(folder)).toThrow('at work on this run');
    release();
    removeRun(folder);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('run.json', () => {
  it('keeps fields it does not know, and refuses what it cannot mean', async () => {
    const { folder, record: file } = await make('one');
    const { record } = readRun(folder, decodeRunRecord);
    const later: unknown = { ...record, mood: 'good' };
    expect(decodeRunRecord(later, file)).toEqual(later);
    expect(unknownFields(decodeRunRecord(later, file))).toEqual(['mood']);
    for (const [change, message] of [
      [{ formatVersion: 2 }, 'another version; got 2; expected 1'],
      [{ status: 'asleep' }, "key 'status'"],
      [{ seed: '1' }, "key 'seed'"],
      [{ process: { pid: -1, started: null } }, "key 'process.pid'"],
    ] as const) {
      expect(() => decodeRunRecord({ ...record, ...change }, file)).toThrow(message);
    }
    expect(() => decodeRunRecord([], file)).toThrow('holds no object');
    writeFileSync(file, '');
    expect(() => readRun(folder, decodeRunRecord)).toThrow('this run is broken');
    const { runs, broken } = listRuns(root, decodeRunRecord);
    expect([runs.length, broken.length]).toEqual([0, 1]);
  });
});

describe('lines of a run', () => {
  it('are read with every number, or not at all', () => {
    const train = {
      step: 1,
      split: 'train',
      loss: 1.5,
      learning_rate: 0,
      grad_norm: 2,
      tokens: 3,
      input_tokens: 4,
      trainable: 5,
      seconds: 0.5,
      rss_mb: 6,
    };
    expect(decodeMetricLine(JSON.stringify({ ...train, later: 1 }))).toEqual(train);
    expect(decodeMetricLine('{"step":0,"split":"eval","loss":1,"perplexity":2.7}')).toMatchObject({
      split: 'eval',
    });
    for (const text of ['', '{', 'null', '[]', '{"step":1}', '{"step":1,"split":"train","loss":1}']) {
      expect(decodeMetricLine(text)).toBeUndefined();
      expect(decodeEvent(text)).toBeUndefined();
    }
    const event = { time: 'now', kind: 'progress', what: 'x', fraction: 0.5 };
    expect(decodeEvent(JSON.stringify(event))).toEqual(event);
    expect(decodeEvent('{"time":"now","kind":"warning"}')).toBeUndefined();
  });
});

it('differences name the keys, lists as a whole', () => {
  const a = { x: 1, same: { y: [1] }, list: [1, 2], gone: { z: 1 } };
  const b = { x: 2, same: { y: [1] }, list: [1, 3] };
  expect(differences(a, b)).toEqual([
    { key: 'x', a: 1, b: 2 },
    { key: 'list', a: [1, 2], b: [1, 3] },
    { key: 'gone', a: { z: 1 }, b: undefined },
  ]);
});

import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChangeLine, encodeChange } from '../../../src/protocol/run/changes';
import { ChangeLog } from '../../../src/trainer/changeLog';
import { temporaryFolder } from '../../support/runFolders';

const line = (step: number): ChangeLine => ({
  step,
  modules: [{ module: 'w', values: Float64Array.of(1), frobenius: 1, stable_rank: 1 }],
});

describe('the log of changes', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  let told: string[];
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder('changes'));
    file = join(folder, 'changes.jsonl');
    told = [];
  });
  afterEach(() => remove());
  const open = (last: number): ChangeLog => new ChangeLog(file, last, (text) => told.push(text));
  const written = (...steps: number[]): string =>
    steps.map((step) => `${encodeChange(line(step))}\n`).join('');

  it('makes no file before there is a line', () => {
    const log = open(-1);
    log.flush();
    log.close();
    expect(existsSync(file)).toBe(false);
  });

  it('goes on after the last evaluation that is kept, without what is torn or damaged', () => {
    const first = open(-1);
    for (const step of [0, 10, 20, 30]) first.append(line(step));
    first.close();
    appendFileSync(file, '{"step":5,"modules":3}\n{"step":2');
    const second = open(20);
    second.append(line(30));
    second.close();
    expect(readFileSync(file, 'utf8')).toBe(written(0, 10, 20, 30));
    open(-1).close();
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(told).toEqual([]);
  });

  it('ends nothing where it cannot be written, and says so once', () => {
    mkdirSync(file);
    const log = open(-1);
    log.append(line(0));
    log.append(line(1));
    log.close();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^what training changes cannot be recorded: /u);
  });

  it('says so where its file is removed, and ends nothing', () => {
    const log = open(-1);
    log.append(line(0));
    rmSync(file);
    log.flush();
    log.append(line(1));
    log.close();
    expect(told).toEqual([expect.stringContaining('removed while the run was at work')]);
  });
});
